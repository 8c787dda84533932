/**
 * The notes of a version: its section of a changelog without the heading.
 *
 * @param version such as `0.2.0`, or `Unreleased`
 * @throws Error if there is no such section, or it is empty
 */
export function releaseNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => headingOf(text) === version);
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## ${version}"`);
  const notes = section.slice(section.indexOf('\n') + 1).trim();
  if (notes === '') throw new Error(`the section "## ${version}" of CHANGELOG.md is empty`);
  return `${notes}\n`;
}

/** A heading is a version, maybe with a date: `0.2.0 - 2026-12-01`. */
function headingOf(section: string): string {
  const [heading = ''] = section.split('\n', 1);
  return heading.split(' ', 1)[0] ?? '';
}
