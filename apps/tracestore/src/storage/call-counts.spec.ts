import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../bench/corpus/random.ts';
import { CallCounts, durationClass } from './call-counts.js';
import { dictionaryEntry } from './dictionary-entry.js';
import { operationRow } from '../transcode/reference-transcode.js';

const random = new SeededRandom(5);
const operations = Array.from({ length: 400 }, (_, index) =>
  dictionaryEntry(operationRow('shop', 2, `GET /${index}`), 0),
);

type Sums = Map<string, { readonly calls: number; readonly errors: number; readonly durationNs: number }>;

/** Counts some calls, and the same another way. */
function count(counts: CallCounts, calls: number, seconds: number): Sums {
  const sums: Sums = new Map();
  for (let call = 0; call < calls; call++) {
    const operation = operations[random.below(operations.length)] ?? operations[0];
    if (operation === undefined) throw new Error('no operation');
    const startSeconds = 1_700_000_000 + random.below(seconds);
    const durationNs = random.below(2) * random.below(2 ** 30) - random.below(2);
    const isError = random.chance(0.1);
    counts.add(operation, startSeconds, durationNs, isError);
    const key = `${startSeconds - (startSeconds % 10)} ${operation.row.id} ${durationClass(durationNs)}`;
    const sum = sums.get(key) ?? { calls: 0, errors: 0, durationNs: 0 };
    sums.set(key, {
      calls: sum.calls + 1,
      errors: sum.errors + Number(isError),
      durationNs: sum.durationNs + Math.max(0, durationNs),
    });
  }
  return sums;
}

function sumsOf(counts: CallCounts): Sums {
  const sums: Sums = new Map();
  for (const [startSeconds, bucket] of counts.buckets) {
    expect(bucket.startSeconds).toBe(startSeconds);
    expect(bucket.operations).toHaveLength(bucket.length);
    for (const [index, { row }] of bucket.operations.entries()) {
      const key = `${startSeconds} ${row.id} ${bucket.durationClasses[index]}`;
      expect(sums.has(key)).toBe(false);
      const [calls, errors] = [bucket.calls[index] ?? -1, bucket.errors[index] ?? -1];
      sums.set(key, { calls, errors, durationNs: bucket.durationsNs[index] ?? -1 });
    }
  }
  return sums;
}

describe('the calls of a transaction', () => {
  it.each([
    ['a few of one bucket', 20, 1],
    ['more than there is room for at first', 40_000, 10],
    ['of several buckets', 40_000, 60],
    ['so many that nothing of their room is kept', 300_000, 10],
  ])(
    'are counted by bucket, operation and class, one transaction after the other: %s',
    { timeout: 60_000 },
    (_, calls, seconds) => {
      const counts = new CallCounts();
      for (let transaction = 0; transaction < 4; transaction++) {
        // The last one is small again, in room that others had.
        const expected = count(counts, transaction === 3 ? 10 : calls, seconds);
        expect(sumsOf(counts)).toEqual(expected);
        counts.clear();
        expect(counts.buckets.size).toBe(0);
      }
    },
  );
});
