import { describe, expect, it } from 'vitest';
import { drawnBounds, stacked, timeLabels, timeSeriesOf } from './time-series-data.ts';

const minute = (n: number): string => new Date(Date.UTC(2026, 2, 29, 12, n)).toISOString();
const ms = (n: number): number => Date.UTC(2026, 2, 29, 12, n);

describe('time series data', () => {
  it('has one series per column, with missing steps as null', () => {
    const result = {
      columns: ['time', 'p99', 'p50'],
      rows: [
        [minute(0), 10, 1],
        [minute(1), null, 2],
        [minute(4), 30, 3],
      ],
    };
    expect(timeSeriesOf(result, null)).toEqual({
      timesMs: [ms(0), ms(1), ms(2), ms(3), ms(4)],
      stepMs: 60_000,
      series: [
        { name: 'p99', values: [10, null, null, null, 30] },
        { name: 'p50', values: [1, 2, null, null, 3] },
      ],
    });
  });

  it('has one series per name in the column series, with missing steps as 0', () => {
    const result = {
      columns: ['time', 'series', 'calls'],
      rows: [
        [minute(0), 'web', 1],
        [minute(2), 'cart', '5'],
        [minute(1), 'web', 2],
      ],
    };
    expect(timeSeriesOf(result, 0).series).toEqual([
      { name: 'web', values: [1, 2, 0] },
      { name: 'cart', values: [0, 0, 5] },
    ]);
  });

  it('inserts no steps for one time, for no rows, and for times too far apart', () => {
    expect(timeSeriesOf({ columns: ['time', 'x'], rows: [[minute(0), 1]] }, 0)).toEqual({
      timesMs: [ms(0)],
      stepMs: 60_000,
      series: [{ name: 'x', values: [1] }],
    });
    expect(timeSeriesOf({ columns: [], rows: [] }, 0)).toEqual({ timesMs: [], stepMs: 60_000, series: [] });
    const far = {
      columns: ['time', 'x'],
      rows: [
        [minute(0), 1],
        [minute(1), 1],
        ['2036-01-01T00:00:00Z', 1],
      ],
    };
    expect(timeSeriesOf(far, 0).timesMs).toHaveLength(3);
  });

  it('is drawn over the whole range, unless the range has too many steps', () => {
    const bounds = { fromMs: ms(0) + 20_000, toMs: ms(30) };
    expect(drawnBounds({ timesMs: [ms(0), ms(1)], stepMs: 60_000 }, bounds)).toEqual([ms(0), ms(30)]);
    expect(drawnBounds({ timesMs: [ms(5), ms(6)], stepMs: 60_000 }, bounds)).toEqual([bounds.fromMs, ms(30)]);
    expect(drawnBounds({ timesMs: [ms(25), ms(30)], stepMs: 1_000 }, bounds)).toEqual([ms(25), ms(30)]);
    expect(drawnBounds({ timesMs: [], stepMs: 1_000 }, bounds)).toEqual([bounds.fromMs, ms(30)]);
  });

  it('is stacked by adding each series to the previous ones', () => {
    expect(
      stacked([
        { name: 'a', values: [1, null, 3] },
        { name: 'b', values: [10, 20, null] },
      ]),
    ).toEqual([
      [1, 0, 3],
      [11, 20, 3],
    ]);
  });

  it('has axis labels with seconds for small steps and the date where it changes', () => {
    const evening = new Date(2026, 2, 28, 23, 30).getTime();
    expect(timeLabels([evening, evening + 1_800_000, evening + 3_600_000], 1_800_000)).toEqual([
      '23:30',
      '03-29',
      '00:30',
    ]);
    expect(timeLabels([evening, evening + 15_000], 15_000)).toEqual(['23:30:00', '23:30:15']);
    expect(timeLabels([evening, evening + 86_400_000], 86_400_000)).toEqual(['03-28', '03-29']);
  });
});
