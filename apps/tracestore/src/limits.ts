/**
 * Every bound on what a client can make tracestore spend, in one table. The code that enforces a bound takes its value
 * from here, and `docs/limits.md` is generated from here.
 */

/** On whose behalf a bound counts. */
export type LimitScope = 'span' | 'request' | 'connection' | 'client' | 'process';

/** One bound. */
export interface Limit {
  /** In the unit. Where a variable sets it, the default. */
  readonly value: number;
  readonly unit: 'bytes' | 'ms' | 'count';
  readonly scope: LimitScope;
  /** The entry points where it holds, as the docs name them, such as `OTLP` or `SQL page`. */
  readonly where: string;
  /** What is counted: a noun phrase without the number. */
  readonly counts: string;
  /** What the client sees at the bound: the status, and whether a retry makes sense. */
  readonly atBound: string;
  /** The environment variable that sets it; absent where it is fixed. */
  readonly variable?: `TRACESTORE_${string}`;
}

const mebibyte = 1024 * 1024;

/** All bounds, by name. Names end with their unit where that is not a count. */
export const limits = {
  requestBytes: {
    value: 64 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of a request, as received and after decompression',
    atBound: '413 or RESOURCE_EXHAUSTED without RetryInfo; a retry fails again',
    variable: 'TRACESTORE_MAX_REQUEST_BYTES',
  },
  bytesInFlight: {
    value: 256 * mebibyte,
    unit: 'bytes',
    scope: 'process',
    where: 'OTLP',
    counts: 'bytes of all requests that are being received and written',
    atBound: '429 or RESOURCE_EXHAUSTED with RetryInfo; retry after 1 s',
    variable: 'TRACESTORE_MAX_BYTES_IN_FLIGHT',
  },
  bodyMs: {
    value: 30_000,
    unit: 'ms',
    scope: 'request',
    where: 'OTLP',
    counts: 'time from the head of a request to the end of its body',
    atBound: '503 or UNAVAILABLE; retry after 5 s',
    variable: 'TRACESTORE_BODY_TIMEOUT_MS',
  },
  patternCharacters: {
    value: 2_000,
    unit: 'count',
    scope: 'request',
    where: 'Jaeger, console',
    counts: 'characters that a regular expression matches, its counted repetitions written out',
    atBound: '400 or INVALID_ARGUMENT',
  },
  patternOptionals: {
    value: 300,
    unit: 'count',
    scope: 'request',
    where: 'Jaeger, console',
    counts: 'parts of a regular expression that may be left out, its counted repetitions written out',
    atBound: '400 or INVALID_ARGUMENT',
  },
  patternsPerSearch: {
    value: 20,
    unit: 'count',
    scope: 'request',
    where: 'Jaeger, console',
    counts: 'regular expressions of a search',
    atBound: '400 or INVALID_ARGUMENT',
  },
} as const satisfies Record<string, Limit>;
