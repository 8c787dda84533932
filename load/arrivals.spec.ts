import { describe, expect, it } from 'vitest';
import { createArrivals, inTurn } from './arrivals.ts';

describe('arrivals', () => {
  it('have the given rate when due() is called at irregular times', () => {
    const arrivals = createArrivals(20, 1_000);
    let count = 0;
    for (const nowMs of [1_000, 1_003, 1_120, 1_121, 1_740, 2_500, 2_999]) count += arrivals.due(nowMs);
    expect(count).toBe(40);
  });

  it('are dropped after a pause longer than a second', () => {
    const arrivals = createArrivals(10, 0);
    arrivals.due(0);
    expect(arrivals.due(3_600_000)).toBe(11);
    expect(arrivals.due(3_600_000)).toBe(0);
  });
});

describe('inTurn', () => {
  it('repeats each item by its weight, evenly', () => {
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

  it('throws without a positive weight', () => {
    expect(() => inTurn([{ weight: 0 }]).next()).toThrow(RangeError);
  });
});
