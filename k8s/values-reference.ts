import { isMap, isScalar, type Node, type Pair, parseDocument } from 'yaml';

interface Entry {
  readonly key: string;
  readonly standard: string;
  readonly words: string;
}

const introduction = `# Spandrel's chart

\`helm install spandrel helm/spandrel\` brings everything to a cluster; [docs/kubernetes.md](../../docs/kubernetes.md) says
how. [examples](examples) are sets of values, each rendered beside them. Unknown values are refused.

<!-- Made of the comments in values.yaml by npm run generate. -->

| value | default | what it does |
| ----- | ------- | ------------ |
`;

/**
 * The reference of a chart's values, in Markdown: a row for each that a comment \`# -- …\` describes.
 *
 * @param valuesYaml the text of values.yaml
 */
export function describeValues(valuesYaml: string): string {
  const document = parseDocument(valuesYaml);
  const rows = entriesBelow(document.contents, []).map(
    ({ key, standard, words }) => `| \`${key}\` | \`${standard}\` | ${words.replaceAll('|', '\\|')} |\n`,
  );
  return introduction + rows.join('');
}

function entriesBelow(node: Node | null, above: readonly string[]): readonly Entry[] {
  if (!isMap(node)) return [];
  return node.items.flatMap((pair) => {
    const keys = [...above, keyOf(pair)];
    const words = wordsOf(pair, node.items[0] === pair ? (node.commentBefore ?? '') : '');
    if (words === undefined) return entriesBelow(pair.value as Node | null, keys);
    return [{ key: keys.join('.'), standard: JSON.stringify((pair.value as Node).toJSON()), words }];
  });
}

function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}

/** @param inherited a comment before the first key of a map belongs to the map */
function wordsOf(pair: Pair, inherited: string): string | undefined {
  const own = isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '';
  return /(?:^|\n) -- (.*)$/.exec(`${inherited}\n${own}`.trimEnd())?.[1];
}
