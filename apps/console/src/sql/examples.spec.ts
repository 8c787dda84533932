import { expect, it } from 'vitest';
import { exampleGroups } from './examples.ts';

const reads = /(?:FROM|JOIN) ps_trace\.(?:span|event)\b(?!.* AND s\.span_id = )/g;
const bounds = /\b(?:start_time|time) (?:>|BETWEEN) now\(\) - interval/g;

// A large store has too many spans to read all of them. Spans that are looked up by their ids need no time.
it.each(exampleGroups.flatMap(({ examples }) => examples))(
  'an example reads spans and events of a limited time only: $title',
  ({ sql }) => {
    expect(sql.match(bounds)?.length ?? 0).toBeGreaterThanOrEqual(sql.match(reads)?.length ?? 0);
  },
);
