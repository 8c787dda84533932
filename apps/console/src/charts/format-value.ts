import type { Unit } from '@spandrel/console-api/dashboard-names';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';

export type { Unit };

/** Units of a rate, by the seconds in them. A rate has the first in which it is not much below 1. */
const ratePeriods = [
  ['s', 1, 0.1],
  ['min', 60, 1],
  ['h', 3_600, 1],
  ['d', 86_400, 0],
] as const;

/**
 * Format a number with its unit and three significant digits: `12.3 ms`, `4.23 %`, `0.351/s`, `1/h`.
 *
 * @param name of the column or series that the value is from; a percentile is marked as approximate: `≈ 865 ms`
 */
export function formatValue(value: number, unit: Unit | undefined, name = ''): string {
  return isBucketed(name) ? `≈ ${formatExact(value, unit)}` : formatExact(value, unit);
}

/** Format the values of an axis. They have the same unit of a rate. */
export function formatAxis(values: readonly number[], unit: Unit | undefined): string[] {
  const largest = Math.max(...values.map(Math.abs), 0);
  return values.map((value) => formatExact(value, unit, largest));
}

/**
 * Whether values of this name are percentiles of duration buckets, whose relative error is at most 4.5 %. Such a value can
 * differ from the exact duration of a span.
 */
function isBucketed(name: string): boolean {
  return /^p\d{2}(?:_ms)?(?:_before)?$/.test(name);
}

/** @param largest value beside which this one is shown */
function formatExact(value: number, unit: Unit | undefined, largest = Math.abs(value)): string {
  switch (unit) {
    case 'milliseconds':
      return formatDuration(value * 1e6);
    case 'seconds':
      return formatDuration(value * 1e9);
    case 'share':
      return value !== 0 && Math.abs(value) < 0.000_01 ? '< 0.001 %' : `${shortened(value * 100)} %`;
    case 'requestsPerSecond': {
      const [period, seconds] =
        (largest === 0 ? undefined : ratePeriods.find(([, each, least]) => largest * each >= least * 0.9995)) ??
        ratePeriods[0];
      return `${shortened(value * seconds)}/${period}`;
    }
    default:
      return shortened(value);
  }
}

/** Integers of up to five digits are exact; other numbers have three significant digits. */
function shortened(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 100_000) return formatNumber(value);
  const [factor, suffix] =
    size >= 999_500_000 ? [1e9, 'G'] : size >= 999_500 ? [1e6, 'M'] : size >= 1_000 ? [1e3, 'k'] : [1, ''];
  return `${Number((value / factor).toPrecision(3))}${suffix}`;
}

/** Convert a value of a result to a number; undefined if it is none. Large numbers arrive as strings or bigints. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'bigint' && typeof value !== 'string') return undefined;
  const number = Number(value);
  return value === '' || Number.isNaN(number) ? undefined : number;
}

/** Replace the underscores of a column name: `requests per second`. */
export function nameOfSeries(name: string): string {
  return /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name) ? name.replaceAll('_', ' ') : name;
}
