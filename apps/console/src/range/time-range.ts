import { parseDuration } from '../format/duration.ts';

/** What time a page looks at: the last so much, from one time to another, or all that is stored. */
export type TimeRange =
  | { readonly kind: 'relative'; readonly last: string }
  | { readonly kind: 'absolute'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'all' };

/** What one mostly asks for. */
export const relativeRanges = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d'] as const;

/** How often a page asks anew; `off` stands for never. */
export const refreshIntervals = ['off', '5s', '10s', '30s', '1m', '5m'] as const;
export type RefreshInterval = (typeof refreshIntervals)[number];

const nsPerMs = 1_000_000;
const minMs = 1_000;
const maxMs = 3_650 * 86_400_000;
const words: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day' };

/**
 * The range that an address has: `range=15m`, `range=all`, or `from=` and `to=`, which are times of ISO 8601. What cannot be
 * read counts as not given.
 *
 * @param fallback what it is when the address does not say
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

/** How long a text such as `15m` or `1.5h` is, in milliseconds; undefined when it is none, or not of use as a range. */
export function durationMs(text: string): number | undefined {
  const ms = Math.round((parseDuration(text) ?? 0) / nsPerMs);
  return ms >= minMs && ms <= maxMs ? ms : undefined;
}

/** What an address has to have for this range: to be given to `change` of `useAddress`. */
export function writeRange(range: TimeRange, fallback: string): Readonly<Record<'range' | 'from' | 'to', string>> {
  if (range.kind === 'absolute') return { range: '', from: isoOf(range.fromMs), to: isoOf(range.toMs) };
  const text = range.kind === 'all' ? 'all' : range.last;
  return { range: text === fallback ? '' : text, from: '', to: '' };
}

/** The bounds of a range in milliseconds since 1970; undefined where it is all. */
export function boundsOf(
  range: TimeRange,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } | undefined {
  if (range.kind === 'all') return undefined;
  if (range.kind === 'absolute') return { fromMs: range.fromMs, toMs: range.toMs };
  return { fromMs: nowMs - (durationMs(range.last) ?? 0), toMs: nowMs };
}

/** As wide, but earlier (−1) or later (1) by as much as it is wide; not later than now. */
export function shift(range: TimeRange, direction: -1 | 1, nowMs: number): TimeRange {
  const bounds = boundsOf(range, nowMs);
  if (bounds === undefined) return range;
  const width = bounds.toMs - bounds.fromMs;
  const toMs = Math.min(bounds.toMs + direction * width, nowMs);
  return { kind: 'absolute', fromMs: toMs - width, toMs };
}

/** Twice as wide around the same middle, as far as that is not in the future. */
export function widen(range: TimeRange, nowMs: number): TimeRange {
  const bounds = boundsOf(range, nowMs);
  if (bounds === undefined) return range;
  const width = bounds.toMs - bounds.fromMs;
  const toMs = Math.min(bounds.toMs + width / 2, nowMs);
  return { kind: 'absolute', fromMs: Math.max(Math.round(toMs - 2 * width), 0), toMs: Math.round(toMs) };
}

/** What a reader calls a range: `Last 15 minutes`, or its two ends, the day of the second only where it is another. */
export function nameOfRange(range: TimeRange): string {
  if (range.kind === 'all') return 'All of the time';
  if (range.kind === 'relative') {
    const [, count = '', unit = ''] = /^([\d.]+)\s*([smhd])/.exec(range.last) ?? [];
    const word = words[unit] ?? unit;
    return count === '1' ? `Last ${word}` : `Last ${count} ${word}s`;
  }
  const [from, to] = [new Date(range.fromMs), new Date(range.toMs)];
  const isSameDay = from.toDateString() === to.toDateString();
  return `${localText(range.fromMs).replace('T', ' ')} – ${localText(range.toMs)
    .slice(isSameDay ? 11 : 0)
    .replace('T', ' ')}`;
}

/** A time as an input of the type datetime-local has it: of the reader's clock, to the second. */
export function localText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/**
 * What has been typed as from and to.
 *
 * @returns the range, or what is wrong with it
 */
export function parseAbsolute(from: string, to: string): TimeRange | string {
  const fromMs = Date.parse(from);
  const toMs = Date.parse(to);
  if (Number.isNaN(fromMs)) return 'From should be a day and a time.';
  if (Number.isNaN(toMs)) return 'To should be a day and a time.';
  if (fromMs >= toMs) return 'From should be before to.';
  if (toMs - fromMs > maxMs) return 'This is more than ten years.';
  return { kind: 'absolute', fromMs, toMs };
}

/** A time of ISO 8601, as it stands in addresses and as PostgreSQL reads it. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Nanoseconds since 1970 as decimal digits, as the API takes times. */
export function unixNanoOf(ms: number): string {
  return `${BigInt(Math.round(ms)) * BigInt(nsPerMs)}`;
}
