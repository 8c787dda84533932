import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Which files are pages of the site, how they are ordered, and where their links lead. */

/** The root of the repository. */
export const root = path.dirname(import.meta.dirname);

/** A page of the site. */
export interface Page {
  /** From the root of the repository, such as `docs/jaeger.md`. */
  readonly source: string;
  /** From the root of the site, such as `jaeger.md`. */
  readonly target: string;
  /** Its first heading. */
  readonly title: string;
}

/** A part of the navigation. */
export interface Section {
  readonly text: string;
  readonly collapsed: boolean;
  readonly items: readonly { readonly text: string; readonly link: string }[];
}

/** Pages that are outside of `docs/`, with their places on the site. */
const otherPages: Readonly<Record<string, string>> = {
  'helm/spandrel/README.md': 'values.md',
  'CONTRIBUTING.md': 'contributing.md',
};

/** The order of the navigation. Pages that no section lists are in the section `more`. */
const sections: Readonly<Record<string, readonly string[]>> = {
  Start: ['index.md', 'quick-start.md', 'concepts.md', 'architecture.md', 'glossary.md'],
  Guides: [
    'ingest.md',
    'browsers.md',
    'console.md',
    'jaeger.md',
    'from-jaeger.md',
    'from-tempo.md',
    'tempo-api.md',
    'traceql.md',
    'from-promscale.md',
    'kubernetes.md',
    'scale-out.md',
    'secure.md',
    'operations.md',
    'upgrading.md',
    'backup-and-restore.md',
    'troubleshoot.md',
  ],
  Reference: [
    'sql-reference.md',
    'storage.md',
    'dashboards.md',
    'configuration.md',
    'values.md',
    'metrics.md',
    'api.md',
    'limits.md',
    'benchmarks.md',
  ],
  Development: ['contributing.md', 'changing-the-schema.md'],
};
const more = 'More';

/** The folders of `docs/` that are sections of their own. */
const folders: Readonly<Record<string, string>> = { workshop: 'Workshop', adr: 'Decisions' };

/** Finds all pages. @param folder the root of the repository */
export function findPages(folder = root): readonly Page[] {
  const inDocs = globSync('docs/**/*.md', { cwd: folder }).toSorted();
  return [...inDocs, ...Object.keys(otherPages)].map((source) => ({
    source,
    target: otherPages[source] ?? source.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md'),
    title: titleOf(readFileSync(path.join(folder, source), 'utf8')),
  }));
}

/** The navigation of the site. */
export function sectionsOf(pages: readonly Page[]): readonly Section[] {
  const byTarget = new Map(pages.map((page) => [page.target, page]));
  const listed = new Set(Object.values(sections).flat());
  const folderOf = ({ target }: Page): string => target.split('/').slice(0, -1).join('/');
  const unlisted = pages.filter((page) => !listed.has(page.target) && folders[folderOf(page)] === undefined);
  return [
    ...Object.entries(sections).map(([text, targets]) =>
      section(
        text,
        targets.flatMap((target) => byTarget.get(target) ?? []),
      ),
    ),
    ...Object.entries(folders).map(([folder, text]) =>
      section(
        text,
        pages.filter((page) => folderOf(page) === folder).toSorted((a, b) => orderOf(a).localeCompare(orderOf(b))),
        true,
      ),
    ),
    ...(unlisted.length === 0 ? [] : [section(more, unlisted)]),
  ];
}

function section(text: string, pages: readonly Page[], collapsed = false): Section {
  return { text, collapsed, items: pages.map(({ title, target }) => ({ text: title, link: `/${target}` })) };
}

/** The index of a folder stands before its other pages. */
function orderOf({ target }: Page): string {
  return target.replace(/(^|\/)index\.md$/, '$1');
}

/**
 * Where a link leads on the site: to another page, or to the repository if the file is no page.
 *
 * @param href as the page has it
 * @param source the page with the link, from the root of the repository
 * @param repository the address of the repository's files, such as https://github.com/me/spandrel/blob/main
 * @throws Error when the file does not exist
 */
export function resolveLink(href: string, source: string, pages: readonly Page[], repository: string): string {
  if (/^([a-z][a-z+.-]*:|#|\/\/)/i.test(href)) return href;
  const [, file = '', hash = ''] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
  const target = path.posix.join(path.posix.dirname(source), decodeURIComponent(file)).replace(/\/$/, '');
  const index = path.posix.join(target, 'README.md');
  const page = pages.find((candidate) => candidate.source === target || candidate.source === index);
  if (page !== undefined) return `/${page.target}${hash}`;
  if (!existsSync(path.join(root, target))) throw new Error(`${source}: the link to ${href} has no target`);
  const isFolder = statSync(path.join(root, target)).isDirectory();
  return `${isFolder ? repository.replace('/blob/', '/tree/') : repository}/${target}${hash}`;
}

/** The anchor of a heading, as GitHub makes it. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation} -]/gu, '')
    .replaceAll(' ', '-');
}

/** The text of a heading without Markdown. */
export function plainHeading(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .trim();
}

function titleOf(markdown: string): string {
  const [, title = ''] = /^# (.+)$/m.exec(markdown) ?? [];
  return plainHeading(title);
}
