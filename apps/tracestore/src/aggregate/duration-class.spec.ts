import { expect, it } from 'vitest';
import { durationClass } from './duration-class.js';

it.each([
  [-1, 0],
  [0, 0],
  [1, 1],
  [2, 9],
  [1_000_000, 160],
  [1_000_000_000, 240],
])('durationClass of %d ns is %d', (ns, expected) => {
  expect(durationClass(ns)).toBe(expected);
});

it('durationClass returns buckets whose middle is at most 4.5 % off', () => {
  for (let ns = 1; ns < 1e12; ns = Math.ceil(ns * 1.013)) {
    const middleNs = 2 ** ((durationClass(ns) - 0.5) / 8);
    expect(Math.abs(middleNs - ns) / ns).toBeLessThan(0.045);
  }
});
