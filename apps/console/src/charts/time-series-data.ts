import type { QueryAnswer } from '../api/answers.ts';
import { numberOf } from './format-value.ts';

export interface Series {
  readonly name: string;
  /** As many as there are times; null where there is nothing to say. */
  readonly values: readonly (number | null)[];
}

export interface TimeSeries {
  /** Milliseconds since 1970, rising. */
  readonly timesMs: readonly number[];
  /** From one time to the next, as most of them are. */
  readonly stepMs: number;
  readonly series: readonly Series[];
}

const defaultStepMs = 60_000;
/** A step that is missing more often than this is not made up. */
const maxSteps = 20_000;

/**
 * Series out of rows: `time`, and either a column a series, or `series` and a column of values. Steps that have no row are
 * put in between the first and the last, so that a line does not bridge what is missing.
 *
 * @param missing what stands there: 0 where no row says that nothing happened, null where it says that nothing is known
 */
export function timeSeriesOf({ columns, rows }: QueryAnswer, missing: 0 | null): TimeSeries {
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
  const { timesMs, stepMs } = evenly([...times].toSorted((a, b) => a - b));
  return {
    timesMs,
    stepMs,
    series: [...values].map(([name, own]) => ({
      name,
      values: timesMs.map((timeMs) => (own.has(timeMs) ? (own.get(timeMs) ?? null) : missing)),
    })),
  };
}

function evenly(timesMs: readonly number[]): Pick<TimeSeries, 'timesMs' | 'stepMs'> {
  const gaps = timesMs.slice(1).map((timeMs, n) => timeMs - (timesMs[n] ?? 0));
  const stepMs = gaps.length === 0 ? defaultStepMs : Math.min(...gaps);
  const [first = 0, last = 0] = [timesMs[0], timesMs.at(-1)];
  if ((last - first) / stepMs > maxSteps) return { timesMs, stepMs };
  const filled = timesMs.flatMap((timeMs, n) => {
    const more: number[] = [timeMs];
    const next = timesMs[n + 1] ?? timeMs;
    // Half a step of tolerance: a clock that was set must not double a point.
    for (let between = timeMs + stepMs; between < next - stepMs / 2; between += stepMs) more.push(between);
    return more;
  });
  return { timesMs: filled, stepMs };
}

/** A range of more steps than this has no room for them. */
const maxDrawnSteps = 1_200;

/** What of a range is drawn: all of it and of its first step; of steps too fine for all, those that are there. */
export function drawnBounds(
  { timesMs, stepMs }: Pick<TimeSeries, 'timesMs' | 'stepMs'>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly [fromMs: number, toMs: number] {
  const [first = fromMs, last = toMs] = [timesMs[0], timesMs.at(-1)];
  if ((toMs - fromMs) / stepMs > maxDrawnSteps && last > first) return [first, last];
  return [Math.min(fromMs, first), toMs];
}

/** Each series on top of those before it. */
export function stacked(series: readonly Series[]): readonly (readonly number[])[] {
  const sums: number[] = [];
  return series.map(({ values }) =>
    values.map((value, n) => {
      sums[n] = (sums[n] ?? 0) + (value ?? 0);
      return sums[n];
    }),
  );
}

/** What a time axis says at its marks: the day where it begins or nothing finer is shown, seconds where marks are so close. */
export function timeLabels(splitsMs: readonly number[], incrementMs: number): readonly string[] {
  let dayBefore = '';
  return splitsMs.map((ms) => {
    const date = new Date(ms);
    const two = (value: number): string => String(value).padStart(2, '0');
    const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    const isNewDay = dayBefore !== '' && day !== dayBefore;
    dayBefore = day;
    if (incrementMs >= 86_400_000 || isNewDay) return day;
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
    return incrementMs < 60_000 ? `${minutes}:${two(date.getSeconds())}` : minutes;
  });
}
