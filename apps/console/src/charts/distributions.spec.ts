import { describe, expect, it } from 'vitest';
import { heatOf } from './heatmap.tsx';
import { binsOf } from './histogram.tsx';
import { fewSlices } from './pie.tsx';

describe('distributions', () => {
  it('of a heatmap leave out the buckets beyond those that have any', () => {
    const time = '2026-03-29T12:00:00.000Z';
    const heat = heatOf({ columns: ['4', '8', '16', 'time', '1', '2'], rows: [[0, '5', 0, time, 0, 3]] });
    expect(heat.buckets).toEqual([
      { least: 1, bound: 2, counts: [3] },
      { least: 2, bound: 4, counts: [0] },
      { least: 4, bound: 8, counts: [5] },
    ]);
    expect(heatOf({ columns: ['time', '1'], rows: [[time, 0]] }).buckets).toEqual([]);
  });

  it('of a histogram have bins where no row is, as wide in proportion', () => {
    const bound = (n: number): number => 2 ** (n / 8);
    const bins = binsOf({
      columns: ['xMin', 'xMax', 'requests'],
      rows: [
        [bound(8), bound(9), 4],
        [bound(12), bound(13), 1],
      ],
    });
    expect(bins.map(({ count }) => count)).toEqual([4, 0, 0, 0, 1]);
    bins.forEach(({ least, bound: most }, n) => {
      expect(least).toBeCloseTo(bound(8 + n), 10);
      expect(most).toBeCloseTo(bound(9 + n), 10);
    });
  });

  it('of a histogram have one bin between nothing and the first that is something', () => {
    const bins = binsOf({
      columns: ['xMin', 'xMax', 'n'],
      rows: [
        [0, 0.001, 2],
        [1, 1.09, 3],
      ],
    });
    expect(bins).toEqual([
      { least: 0, bound: 0.001, count: 2 },
      { least: 0.001, bound: 1, count: 0 },
      { least: 1, bound: 1.09, count: 3 },
    ]);
  });

  it('of a pie are the largest and all others as one', () => {
    const slices = Array.from({ length: 20 }, (_, n) => ({ name: `s${n}`, value: n }));
    const few = fewSlices(slices);
    expect(few).toHaveLength(12);
    expect(few[0]).toEqual({ name: 's19', value: 19 });
    expect(few.at(-1)).toEqual({ name: 'others', value: 36 });
    expect(fewSlices([{ name: 'a', value: 0 }])).toEqual([]);
  });
});
