/*
 * Parses values in the text forms of Go, which Jaeger uses in URLs and filters.
 */

const nanosecondsIn: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  // Two characters look the same: micro and mu.
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** @returns nanoseconds of a duration such as `1.5s` or `1h30m`; undefined if it is invalid */
export function parseGoDuration(text: string): bigint | undefined {
  const [, sign = '', parts = ''] =
    /^([+-]?)((?:(?:\d{1,19}(?:\.\d{0,30})?|\.\d{1,30})(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)){1,10})$/.exec(text) ?? [];
  if (text === '0' || text === '+0' || text === '-0') return 0n;
  if (parts === '') return undefined;
  let nanoseconds = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of parts.matchAll(/(\d*)(?:\.(\d*))?([a-z\u00b5\u03bc]+)/g)) {
    const scale = nanosecondsIn[unit] ?? 0n;
    nanoseconds += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
  }
  return sign === '-' ? -nanoseconds : nanoseconds;
}

/** @returns nanoseconds since 1970 of a time in RFC 3339 with up to nine decimals; undefined if it is invalid */
export function parseRfc3339(text: string): bigint | undefined {
  const [, seconds = '', fraction = '', zone = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/i.exec(text) ?? [];
  const milliseconds = Date.parse(`${seconds}${zone}`.toUpperCase());
  return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

const truths: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const untruths: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** @returns undefined if it is neither true nor false */
export function parseGoBool(text: string): boolean | undefined {
  if (truths.has(text)) return true;
  return untruths.has(text) ? false : undefined;
}
