import { describe, expect, it } from 'vitest';
import { columnsOf, slicesOf } from './heatmap-columns.js';

const startUs = 1_700_000_123_456_789n;
const second = 1_000_000n;

describe('columnsOf', () => {
  it.each([
    ['a millisecond', 1_000n, 10n],
    ['a minute', 60n * second, second / 2n],
    ['5 minutes', 300n * second, 10n * second],
    ['an hour', 3_600n * second, 30n * second],
    ['a day', 86_400n * second, 900n * second],
    ['a year', 365n * 86_400n * second, 4n * 86_400n * second],
  ])('divides %s into at most 121 whole steps', (_, rangeUs, stepUs) => {
    const columns = columnsOf(startUs, startUs + rangeUs);
    expect(columns.stepUs).toBe(stepUs);
    expect(columns.startUs % stepUs).toBe(0n);
    expect(columns.startUs).toBeLessThanOrEqual(startUs);
    expect(columns.startUs + BigInt(columns.count) * stepUs).toBeGreaterThan(startUs + rangeUs);
    expect(columns.count).toBeLessThanOrEqual(121);
  });
});

describe('slicesOf', () => {
  it('reads the whole range in one slice if it reads everything', () => {
    const columns = columnsOf(startUs, startUs + 3_600n * second);
    expect(slicesOf(startUs, startUs + 3_600n * second, columns, 1)).toEqual([
      { startUs, endUs: startUs + 3_600n * second },
    ]);
  });

  it('reads the same share of each column, inside of the column and of the range', () => {
    const endUs = startUs + 3_600n * second;
    const columns = columnsOf(startUs, endUs);
    const slices = slicesOf(startUs, endUs, columns, 0.1);
    expect(slices).toHaveLength(columns.count);
    for (const [n, slice] of slices.entries()) {
      const columnStart = columns.startUs + BigInt(n) * columns.stepUs;
      expect(slice.startUs).toBeGreaterThanOrEqual(columnStart < startUs ? startUs : columnStart);
      expect(slice.endUs).toBeLessThan(columnStart + columns.stepUs);
      expect(slice.endUs).toBeLessThanOrEqual(endUs);
    }
    // The first and the last column are cut by the range.
    for (const slice of slices.slice(1, -1))
      expect(Number(slice.endUs - slice.startUs)).toBeCloseTo(Number(columns.stepUs) * 0.1, -1);
  });
});
