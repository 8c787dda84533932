import type { Dashboard } from '../api/answers.ts';
import { formatDuration } from '../format/duration.ts';

/** What a number is of, as dashboards say it. */
export type Unit = NonNullable<Dashboard['panels'][number]['unit']>;

const units: ReadonlySet<string> = new Set<Unit>(['requestsPerSecond', 'milliseconds', 'seconds', 'share', 'count']);

/** A word of the API as a unit; undefined where there is none. */
export function unitOf(text: string | undefined): Unit | undefined {
  return text !== undefined && units.has(text) ? (text as Unit) : undefined;
}

/** A number with its unit, with as many digits as say something: `12.3 ms`, `4.2 %`, `0.35/s`. */
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

/** Whole numbers whole up to five digits; others with three digits that say something. */
function shortened(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 100_000) return value.toLocaleString('en');
  const [factor, suffix] =
    size >= 999_500_000 ? [1e9, 'G'] : size >= 999_500 ? [1e6, 'M'] : size >= 1_000 ? [1e3, 'k'] : [1, ''];
  return `${Number((value / factor).toPrecision(3))}${suffix}`;
}

/** A value of an answer as a number; undefined when it is none. Numbers that JSON would round come as texts or bigints. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'bigint' && typeof value !== 'string') return undefined;
  const number = Number(value);
  return value === '' || Number.isNaN(number) ? undefined : number;
}

/** A time as a chart shows it: with seconds, and the day only where it is not today. */
export function formatMoment(ms: number, nowMs = Date.now()): string {
  const date = new Date(ms);
  const time = date.toLocaleTimeString(undefined, { hour12: false });
  if (date.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${date.toLocaleDateString(undefined, { year: 'numeric', month: '2-digit', day: '2-digit' })} ${time}`;
}

/** `requests_per_second` as people write it. */
export function nameOfSeries(name: string): string {
  return /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name) ? name.replaceAll('_', ' ') : name;
}
