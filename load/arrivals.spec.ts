import { describe, expect, it } from 'vitest';
import { createArrivals, inTurn } from './arrivals.ts';

describe('arrivals', () => {
  it('come at the rate, however irregularly one asks', () => {
    const arrivals = createArrivals(20, 1_000);
    let count = 0;
    for (const nowMs of [1_000, 1_003, 1_120, 1_121, 1_740, 2_500, 2_999]) count += arrivals.due(nowMs);
    expect(count).toBe(40);
  });

  it('are not made up for after a long pause', () => {
    const arrivals = createArrivals(10, 0);
    arrivals.due(0);
    expect(arrivals.due(3_600_000)).toBe(11);
    expect(arrivals.due(3_600_000)).toBe(0);
  });
});

describe('turns', () => {
  it('are taken by weight, evenly', () => {
    const turns = inTurn([
      { name: 'A', weight: 2 },
      { name: 'B', weight: 2 },
      { name: 'C', weight: 1 },
    ]);
    const names = Array.from({ length: 10 }, () => turns.next().value.name).join('');
    expect(names.slice(0, 5)).toBe(names.slice(5));
    expect(names.slice(0, 5).split('').toSorted().join('')).toBe('AABBC');
    expect(names).not.toMatch(/AA|BB/);
  });

  it('need a weight', () => {
    expect(() => inTurn([{ weight: 0 }]).next()).toThrow(RangeError);
  });
});
