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
const dayMs = 86_400_000;

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
  wrongTokensPerMinute: {
    value: 10,
    unit: 'count',
    scope: 'client',
    where: 'Console and Jaeger HTTP',
    counts: 'wrong tokens in a minute, as a bearer or to sign in; a network of IPv6 (/64) is one client',
    atBound: '429 with Retry-After, also for the right token; sessions go on',
  },
  wrongTokensOfAllPerMinute: {
    value: 1_000,
    unit: 'count',
    scope: 'process',
    where: 'Console and Jaeger HTTP',
    counts: 'wrong tokens of all clients in a minute',
    atBound: '429 with Retry-After for clients that had a wrong token in the last minute; others may try once',
  },
  wrongTokenClients: {
    value: 10_000,
    unit: 'count',
    scope: 'process',
    where: 'Console and Jaeger HTTP',
    counts: 'clients whose wrong tokens are counted',
    atBound: 'the count that is the oldest is forgotten',
  },
  sessionMs: {
    value: 7 * dayMs,
    unit: 'ms',
    scope: 'client',
    where: 'Console',
    counts: 'age of a session',
    atBound: '401; sign in again',
    variable: 'TRACESTORE_SESSION_LIFETIME',
  },
  sessionIdleMs: {
    value: dayMs,
    unit: 'ms',
    scope: 'client',
    where: 'Console',
    counts: 'time since the last use of a session',
    atBound: '401; sign in again',
    variable: 'TRACESTORE_SESSION_IDLE',
  },
  consoleSessions: {
    value: 1_000,
    unit: 'count',
    scope: 'process',
    where: 'Console',
    counts: 'sessions in the database',
    atBound: 'signing in ends the session that was used least recently',
  },
} as const satisfies Record<string, Limit>;
