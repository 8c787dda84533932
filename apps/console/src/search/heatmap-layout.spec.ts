import { describe, expect, it } from 'vitest';
import type { HeatmapResponse } from '../api/types.ts';
import { layoutOf, textBelowPx } from './heatmap-layout.ts';

const fromMs = Date.UTC(2026, 10, 30);
const toMs = fromMs + 3_600_000;
const widthPx = 1000;
const empty: HeatmapResponse = {
  source: 'spans',
  isComplete: true,
  share: 1,
  spans: 0,
  from: `${fromMs}000000`,
  to: `${toMs}000000`,
  firstUnixNano: `${fromMs}000000`,
  stepMs: 60_000,
  lowestNs: 0,
  rows: [],
  columns: [],
  cells: [],
  total: 0,
  failed: 0,
};

describe('a heat map', () => {
  it('has no durations if there is no trace', () => {
    const layout = layoutOf(empty, [], { fromMs, toMs }, widthPx);
    expect(layout.isEmpty).toBe(true);
    expect(layout.durations).toEqual([]);
    expect(layout.times.length).toBeGreaterThan(2);
  });

  it.each([1, 999, 1e6, 1.01e6, 1.9e6, 2e6, 5e9, 3.6e12])(
    'writes no duration into the name of the row of failures, with durations from %d ns',
    (lowestNs) => {
      for (const factor of [2, 8, 10, 1000]) {
        const rows = [lowestNs * factor];
        const layout = layoutOf({ ...empty, lowestNs, rows, columns: [[1, 0]] }, [], { fromMs, toMs }, widthPx);
        const lines = [layout.failedTextPx, ...layout.durations.map(({ value }) => layout.yOf(value) + textBelowPx)];
        for (const [n, y] of lines.slice(1).entries()) expect((lines[n] ?? 0) - y).toBeGreaterThanOrEqual(12);
        expect(layout.durations.length).toBeGreaterThan(0);
      }
    },
  );
});
