import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(
  ['./**/*.{ts,tsx}', '!./**/*.spec.ts', '../../../dashboards/*/dashboard.ts', '../../tracestore/src/errors/*.ts'],
  { query: '?raw', import: 'default', eager: true },
);

/** Words that nobody uses for this in Grafana or Jaeger UI, and what they say. */
const others: readonly (readonly [odd: RegExp, usual: string])[] = [
  [/no trace is like/i, 'No traces found'],
  [/whom (?:it|they) calls?/i, 'Calls'],
  [/figures of/i, 'Aggregates, lag'],
  [/parts in which/i, 'Partitions'],
  [/commit takes/i, 'Commit latency'],
  [/of it \S+ (?:ms|s) itself|\bitself['"<]/i, 'self 85 ms'],
  [/\bpull (?:over|a box|to)\b/i, 'Drag'],
  [/ask(?:ed)? again|given up|give up/i, 'Retry, Cancelled'],
  [/choose none/i, 'Clear selection'],
  [/reading on/i, 'Loading more…'],
  [/question is wrong/i, 'Invalid query'],
  [/what came back/i, 'Results'],
];

it.each(others)('the console does not say %s, but: %s', (odd) => {
  expect(Object.keys(sources).length).toBeGreaterThan(150);
  const found = Object.entries(sources).flatMap(([file, source]) =>
    source.split('\n').flatMap((line) => (odd.test(line) ? [`${file}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
