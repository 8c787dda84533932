import { parseDuration } from '../format/duration.ts';
import { msOfInput, timePartsOf } from '../format/time.ts';

/** The time range of a page: relative to now, absolute, or unlimited. */
export type TimeRange =
  | { readonly kind: 'relative'; readonly last: string }
  | { readonly kind: 'absolute'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'all' };

/** The range of a page whose address has none. It is the same on every page. */
export const defaultRange = '1h';

/** The relative ranges that the picker offers. */
export const relativeRanges = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d'] as const;

/** Intervals of auto refresh. */
export const refreshIntervals = ['off', '5s', '10s', '30s', '1m', '5m'] as const;
export type RefreshInterval = (typeof refreshIntervals)[number];

const nsPerMs = 1_000_000;
const minMs = 1_000;
const maxMs = 3_650 * 86_400_000;
const unitNames: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day' };

/**
 * Read the range from a query string: `range=15m`, `range=all`, or `from=` and `to=` in ISO 8601. An invalid value is ignored.
 *
 * @param fallback the range of a query string without one
 */
export function readRange(parameters: URLSearchParams, fallback: string): TimeRange {
  const fromMs = Date.parse(parameters.get('from') ?? '');
  const toMs = Date.parse(parameters.get('to') ?? '');
  if (fromMs < toMs) return { kind: 'absolute', fromMs, toMs };
  return relativeOf(parameters.get('range') ?? '') ?? relativeOf(fallback) ?? { kind: 'all' };
}

function relativeOf(text: string): TimeRange | undefined {
  if (text === 'all') return { kind: 'all' };
  return durationMs(text) === undefined ? undefined : { kind: 'relative', last: text };
}

/** Parse a duration such as `15m` or `1.5h`, in milliseconds; undefined if it is invalid or out of range for a time range. */
export function durationMs(text: string): number | undefined {
  const ms = Math.round((parseDuration(text) ?? 0) / nsPerMs);
  return ms >= minMs && ms <= maxMs ? ms : undefined;
}

/** The parameters of the query string for a range, for `change` of `useAddress`. */
export function writeRange(range: TimeRange, fallback: string): Readonly<Record<'range' | 'from' | 'to', string>> {
  if (range.kind === 'absolute') return { range: '', from: isoOf(range.fromMs), to: isoOf(range.toMs) };
  const text = range.kind === 'all' ? 'all' : range.last;
  return { range: text === fallback ? '' : text, from: '', to: '' };
}

/**
 * Write an address with a time range, for a link from one page to another.
 *
 * @param path with or without a query string
 * @param parameters the query string of the page that has the link; an unlimited range is left out
 */
export function withRange(path: string, parameters: URLSearchParams): string {
  const kept = [...parameters].filter(
    ([name, value]) => ['range', 'from', 'to'].includes(name) && value !== '' && value !== 'all',
  );
  if (kept.length === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(kept).toString()}`;
}

/** The bounds of a range in milliseconds since 1970; undefined for an unlimited range. */
export function boundsOf(
  range: TimeRange,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } | undefined {
  if (range.kind === 'all') return undefined;
  if (range.kind === 'absolute') return { fromMs: range.fromMs, toMs: range.toMs };
  return { fromMs: nowMs - (durationMs(range.last) ?? 0), toMs: nowMs };
}

/** Move a range by its own width, back (−1) or forward (1), but not beyond now. */
export function shift(range: TimeRange, direction: -1 | 1, nowMs: number): TimeRange {
  const bounds = boundsOf(range, nowMs);
  if (bounds === undefined) return range;
  const width = bounds.toMs - bounds.fromMs;
  const toMs = Math.min(bounds.toMs + direction * width, nowMs);
  return { kind: 'absolute', fromMs: toMs - width, toMs };
}

/** Double the width of a range around its middle, but not beyond now. */
export function widen(range: TimeRange, nowMs: number): TimeRange {
  const bounds = boundsOf(range, nowMs);
  if (bounds === undefined) return range;
  const width = bounds.toMs - bounds.fromMs;
  const toMs = Math.min(bounds.toMs + width / 2, nowMs);
  return { kind: 'absolute', fromMs: Math.max(Math.round(toMs - 2 * width), 0), toMs: Math.round(toMs) };
}

/** The name of a range: `Last 15 minutes`, or its two ends. The date of the second end is left out if it is the same. */
export function nameOfRange(range: TimeRange): string {
  if (range.kind === 'all') return 'All time';
  if (range.kind === 'relative') {
    const [, count = '', unit = ''] = /^([\d.]+)\s*([smhd])/.exec(range.last) ?? [];
    const name = unitNames[unit] ?? unit;
    return count === '1' ? `Last ${name}` : `Last ${count} ${name}s`;
  }
  const [from, to] = [timePartsOf(range.fromMs), timePartsOf(range.toMs)];
  return `${from.day} ${from.time} – ${from.day === to.day ? '' : `${to.day} `}${to.time}`;
}

/**
 * Parse the inputs of an absolute range.
 *
 * @returns the range, or an error message
 */
export function parseAbsolute(from: string, to: string): TimeRange | string {
  const fromMs = msOfInput(from);
  const toMs = msOfInput(to);
  if (Number.isNaN(fromMs)) return 'From must be a date and time.';
  if (Number.isNaN(toMs)) return 'To must be a date and time.';
  if (fromMs >= toMs) return 'From must be before To.';
  if (toMs - fromMs > maxMs) return 'The range must be at most ten years.';
  return { kind: 'absolute', fromMs, toMs };
}

/** A time in ISO 8601, for URLs and for PostgreSQL. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Nanoseconds since 1970 as decimal digits, for the API. */
export function unixNanoOf(ms: number): string {
  return `${BigInt(Math.round(ms)) * BigInt(nsPerMs)}`;
}
