import { describe, expect, it } from 'vitest';
import type { PartitionsResponse, StorageResponse } from '../api/types.ts';
import { daysUntilFull, expiredPartitionsOf, storageEstimateOf } from './storage-estimate.ts';

const day = 86_400_000;
const nowMs = 1_000 * day;
const gib = 2 ** 30;

/** Partitions of a day, the latest first. @param bytes of today, yesterday, … */
function daily(...bytes: readonly number[]): PartitionsResponse {
  return {
    partitions: [
      { name: 'default', fromUnixNano: null, toUnixNano: null, isCompressed: false, bytes: 8_192 },
      ...bytes.map((each, n) => ({
        name: `day ${n}`,
        fromUnixNano: `${nowMs - n * day - day / 2}000000`,
        toUnixNano: `${nowMs - n * day + day / 2}000000`,
        isCompressed: false,
        bytes: each,
      })),
    ],
  };
}

const table = (name: string, bytes: number) => ({ name, bytes, indexBytes: 0, partitions: 0 });
const storage: StorageResponse = {
  tables: [table('span', 10 * gib), table('event', 5 * gib), table('call_1h', gib)],
  databaseBytes: 17 * gib,
};

describe('the growth of the database', () => {
  it('is that of complete partitions, with what belongs to the spans', () => {
    // Today is incomplete, and so may be the first day; the days before have no spans.
    const estimate = storageEstimateOf(daily(9 * gib, 2 * gib, 4 * gib, gib, 8_192, 8_192), storage, 30 * day, nowMs);
    expect(estimate?.bytesPerDay).toBeCloseTo(4.5 * gib);
    expect(estimate?.settledBytes).toBeCloseTo((17 - 15 + 30 * 4.5) * gib);
  });

  it.each([
    ['of today', daily(gib)],
    ['of yesterday', daily(gib, gib, 8_192)],
    ['of no day', daily(8_192, 8_192, 8_192)],
  ])('is unknown with spans %s only', (_, partitions) => {
    expect(storageEstimateOf(partitions, storage, 30 * day, nowMs)).toBeUndefined();
  });

  it('fills a disk that is smaller than the size at which it ends', () => {
    const estimate = { bytesPerDay: 2 * gib, settledBytes: 80 * gib };
    expect(daysUntilFull(estimate, 20 * gib, 100 * gib)).toBeUndefined();
    expect(daysUntilFull(estimate, 20 * gib, 50 * gib)).toBe(15);
    expect(daysUntilFull(estimate, 20 * gib, 10 * gib)).toBe(0);
  });
});

it('a shorter retention deletes the partitions that end before it', () => {
  const partitions = daily(gib, 2 * gib, 4 * gib, 8 * gib);
  expect(expiredPartitionsOf(partitions, 2 * day, nowMs)).toEqual({ count: 1, bytes: 8 * gib });
  expect(expiredPartitionsOf(partitions, day, nowMs)).toEqual({ count: 2, bytes: 12 * gib });
  expect(expiredPartitionsOf(partitions, 30 * day, nowMs)).toEqual({ count: 0, bytes: 0 });
});
