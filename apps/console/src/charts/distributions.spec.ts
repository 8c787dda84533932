import { describe, expect, it } from 'vitest';
import { heatOf } from './heatmap.tsx';
import { binsOf } from './histogram.tsx';
import { fewSlices } from './pie.tsx';

describe('chart data', () => {
  it('heatOf leaves out empty buckets at both ends', () => {
    const time = '2026-03-29T12:00:00.000Z';
    const heat = heatOf({ columns: ['4', '8', '16', 'time', '1', '2'], rows: [[0, '5', 0, time, 0, 3]] });
    expect(heat.buckets).toEqual([
      { lower: 1, upper: 2, counts: [3] },
      { lower: 2, upper: 4, counts: [0] },
      { lower: 4, upper: 8, counts: [5] },
    ]);
    expect(heatOf({ columns: ['time', '1'], rows: [[time, 0]] }).buckets).toEqual([]);
  });

  it('binsOf inserts empty bins with the same relative width', () => {
    const bound = (n: number): number => 2 ** (n / 8);
    const bins = binsOf({
      columns: ['xMin', 'xMax', 'requests'],
      rows: [
        [bound(8), bound(9), 4],
        [bound(12), bound(13), 1],
      ],
    });
    expect(bins.map(({ count }) => count)).toEqual([4, 0, 0, 0, 1]);
    bins.forEach(({ lower, upper }, n) => {
      expect(lower).toBeCloseTo(bound(8 + n), 10);
      expect(upper).toBeCloseTo(bound(9 + n), 10);
    });
  });

  it('binsOf inserts one empty bin after a bin that starts at 0', () => {
    const bins = binsOf({
      columns: ['xMin', 'xMax', 'n'],
      rows: [
        [0, 0.001, 2],
        [1, 1.09, 3],
      ],
    });
    expect(bins).toEqual([
      { lower: 0, upper: 0.001, count: 2 },
      { lower: 0.001, upper: 1, count: 0 },
      { lower: 1, upper: 1.09, count: 3 },
    ]);
  });

  it('fewSlices keeps the largest slices and sums the others', () => {
    const slices = Array.from({ length: 20 }, (_, n) => ({ name: `s${n}`, value: n }));
    const few = fewSlices(slices);
    expect(few).toHaveLength(12);
    expect(few[0]).toEqual({ name: 's19', value: 19 });
    expect(few.at(-1)).toEqual({ name: 'others', value: 36 });
    expect(fewSlices([{ name: 'a', value: 0 }])).toEqual([]);
  });
});
