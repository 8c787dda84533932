import type { Unit } from '@spandrel/console-api/dashboard-names';
import { formatDuration } from '../format/duration.ts';

export type { Unit };

/** Format a number with its unit and three significant digits: `12.3 ms`, `4.23 %`, `0.351/s`. */
export function formatValue(value: number, unit: Unit | undefined): string {
  switch (unit) {
    case 'milliseconds':
      return formatDuration(value * 1e6);
    case 'seconds':
      return formatDuration(value * 1e9);
    case 'share':
      return `${shortened(value * 100)} %`;
    case 'requestsPerSecond':
      return `${shortened(value)}/s`;
    default:
      return shortened(value);
  }
}

/** Integers of up to five digits are exact; other numbers have three significant digits. */
function shortened(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 100_000) return value.toLocaleString('en');
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
