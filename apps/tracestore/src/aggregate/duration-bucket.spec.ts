import { expect, it } from 'vitest';
import { durationBucket } from './duration-bucket.js';

it.each([
  [-1, 0],
  [0, 0],
  [1, 1],
  [2, 9],
  [1_000_000, 160],
  [1_000_000_000, 240],
])('durationBucket of %d ns is %d', (ns, expected) => {
  expect(durationBucket(ns)).toBe(expected);
});

it('durationBucket returns buckets whose middle is at most 4.5 % off', () => {
  for (let ns = 1; ns < 1e12; ns = Math.ceil(ns * 1.013)) {
    const middleNs = 2 ** ((durationBucket(ns) - 0.5) / 8);
    expect(Math.abs(middleNs - ns) / ns).toBeLessThan(0.045);
  }
});
