import type { QueryResponse } from '../api/types.ts';
import { timePartsOf } from '../format/time.ts';
import { numberOf } from './format-value.ts';

export interface Series {
  readonly name: string;
  /** One value per time; null if unknown. */
  readonly values: readonly (number | null)[];
}

export interface TimeSeries {
  /** Milliseconds since 1970, ascending. */
  readonly timesMs: readonly number[];
  /** The smallest distance between two times. */
  readonly stepMs: number;
  readonly series: readonly Series[];
}

/** A time at which something happened, such as the first span of a version. */
export interface TimeMark {
  readonly timeMs: number;
  readonly label: string;
}

const defaultStepMs = 60_000;
/** Missing steps are not inserted in a range of more steps than this. */
const maxSteps = 20_000;

/**
 * Convert rows to series. The columns are `time` and one per series, or `time`, `series` and one column of values. Missing
 * steps between the first and the last time are inserted, so that a line does not bridge a gap.
 *
 * @param missing the value of an inserted step: 0 for a count, null if the value is unknown
 */
export function timeSeriesOf({ columns, rows }: QueryResponse, missing: 0 | null): TimeSeries {
  const timeAt = columns.indexOf('time');
  const seriesAt = columns.indexOf('series');
  const valuesAt = columns.flatMap((_, at) => (at === timeAt || at === seriesAt ? [] : [at]));
  const values = new Map<string, Map<number, number | null>>();
  const times = new Set<number>();
  for (const row of rows) {
    const timeMs = Date.parse(String(row[timeAt]));
    if (Number.isNaN(timeMs)) continue;
    times.add(timeMs);
    for (const at of valuesAt) {
      const name = seriesAt < 0 ? (columns[at] ?? '') : String(row[seriesAt]);
      const own = values.get(name) ?? new Map<number, number | null>();
      own.set(timeMs, numberOf(row[at]) ?? null);
      values.set(name, own);
    }
  }
  const { timesMs, stepMs } = withMissingSteps([...times].toSorted((a, b) => a - b));
  return {
    timesMs,
    stepMs,
    series: [...values].map(([name, own]) => ({
      name,
      values: timesMs.map((timeMs) => (own.has(timeMs) ? (own.get(timeMs) ?? null) : missing)),
    })),
  };
}

function withMissingSteps(timesMs: readonly number[]): Pick<TimeSeries, 'timesMs' | 'stepMs'> {
  const gaps = timesMs.slice(1).map((timeMs, n) => timeMs - (timesMs[n] ?? 0));
  const stepMs = gaps.length === 0 ? defaultStepMs : Math.min(...gaps);
  const [first = 0, last = 0] = [timesMs[0], timesMs.at(-1)];
  if ((last - first) / stepMs > maxSteps) return { timesMs, stepMs };
  const filled = timesMs.flatMap((timeMs, n) => {
    const more: number[] = [timeMs];
    const next = timesMs[n + 1] ?? timeMs;
    // Tolerate half a step, so that a clock adjustment does not duplicate a point.
    for (let between = timeMs + stepMs; between < next - stepMs / 2; between += stepMs) more.push(between);
    return more;
  });
  return { timesMs: filled, stepMs };
}

/** A range of more steps than this is too dense to draw. */
const maxDrawnSteps = 1_200;

/** The bounds of the x axis: the range, extended to the start of its first step. If the range has too many steps: the data. */
export function drawnBounds(
  { timesMs, stepMs }: Pick<TimeSeries, 'timesMs' | 'stepMs'>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly [fromMs: number, toMs: number] {
  const [first = fromMs, last = toMs] = [timesMs[0], timesMs.at(-1)];
  if ((toMs - fromMs) / stepMs > maxDrawnSteps && last > first) return [first, last];
  return [Math.min(fromMs, first), toMs];
}

/** Add each series to the sum of those before it. */
export function stacked(series: readonly Series[]): readonly (readonly number[])[] {
  const sums: number[] = [];
  return series.map(({ values }) =>
    values.map((value, n) => {
      sums[n] = (sums[n] ?? 0) + (value ?? 0);
      return sums[n];
    }),
  );
}

/** Labels of a time axis: the date where it changes or for steps of a day, seconds for steps below a minute. */
export function timeLabels(splitsMs: readonly number[], incrementMs: number): readonly string[] {
  let dayBefore = '';
  return splitsMs.map((ms) => {
    const { day: fullDay, time } = timePartsOf(ms);
    const day = fullDay.slice(-'11-30'.length);
    const isNewDay = dayBefore !== '' && day !== dayBefore;
    dayBefore = day;
    if (incrementMs >= 86_400_000 || isNewDay) return day;
    return incrementMs < 60_000 ? time : time.slice(0, '03:33'.length);
  });
}
