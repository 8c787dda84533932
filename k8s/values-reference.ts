import { isMap, isScalar, type Node, type Pair, parseDocument } from 'yaml';

interface Entry {
  readonly key: string;
  readonly defaultValue: string;
  readonly description: string;
}

const introduction = `# Chart of Spandrel

\`helm install spandrel helm/spandrel\` installs Spandrel in a Kubernetes cluster; see
[docs/kubernetes.md](../../docs/kubernetes.md). [examples](examples) has sets of values and what they render to. The schema
rejects unknown values.

<!-- Generated from the comments in values.yaml by npm run generate. -->

| Value | Default | Description |
| ----- | ------- | ----------- |
`;

/**
 * Writes the reference of a chart's values in Markdown: one row per value with a comment `# -- …`.
 *
 * @param valuesYaml the text of values.yaml
 */
export function describeValues(valuesYaml: string): string {
  const document = parseDocument(valuesYaml);
  const rows = entriesBelow(document.contents, []).map(
    ({ key, defaultValue, description }) =>
      `| \`${key}\` | \`${defaultValue}\` | ${description.replaceAll('|', '\\|')} |\n`,
  );
  return introduction + rows.join('');
}

function entriesBelow(node: Node | null, above: readonly string[]): readonly Entry[] {
  if (!isMap(node)) return [];
  return node.items.flatMap((pair) => {
    const keys = [...above, keyOf(pair)];
    const description = descriptionOf(pair, node.items[0] === pair ? (node.commentBefore ?? '') : '');
    if (description === undefined) return entriesBelow(pair.value as Node | null, keys);
    return [{ key: keys.join('.'), defaultValue: JSON.stringify((pair.value as Node).toJSON()), description }];
  });
}

function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}

/** @param inherited the comment before the first key of a map, which the parser gives to the map */
function descriptionOf(pair: Pair, inherited: string): string | undefined {
  const own = isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '';
  return /(?:^|\n) -- (.*)$/.exec(`${inherited}\n${own}`.trimEnd())?.[1];
}
