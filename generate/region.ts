/**
 * Replaces a generated part of a YAML file: the lines between the comments `# Generated NAME: …` and
 * `# End of generated NAME`.
 *
 * @param text the whole file.
 * @param name the name of the part.
 * @param yaml the new lines, which get the indentation of the first comment.
 * @throws Error if the file has no such part
 */
export function replaceRegion(text: string, name: string, yaml: string): string {
  const region = new RegExp(`^( *)(# Generated ${name}:.*\n)[^]*?^ *# End of generated ${name}$`, 'm');
  const [, indentation] = region.exec(text) ?? [];
  if (indentation === undefined) throw new Error(`no generated part is named ${name}`);
  const lines = yaml.trimEnd().replaceAll(/^(?=.)/gm, indentation);
  return text.replace(region, (_, __, first: string) =>
    [`${indentation}${first}`, `${lines}\n`, `${indentation}# End of generated ${name}`].join(''),
  );
}
