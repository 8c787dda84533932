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
  sqlStatements: {
    value: 3,
    unit: 'count',
    scope: 'process',
    where: 'SQL page',
    counts: 'statements that run at once; the schema is read beside them',
    atBound: 'waits up to 5 s, then 503 with Retry-After',
    variable: 'TRACESTORE_SQL_CONNECTIONS',
  },
  sqlStatementsPerClient: {
    value: 2,
    unit: 'count',
    scope: 'client',
    where: 'SQL page',
    counts: 'statements that run at once: one fewer than all clients may have together, and at least one',
    atBound: 'waits up to 5 s, then 503 with Retry-After',
  },
  sqlWaitingPerClient: {
    value: 4,
    unit: 'count',
    scope: 'client',
    where: 'SQL page',
    counts: 'statements that wait for their turn',
    atBound: '503 with Retry-After, at once',
  },
  sqlWaitMs: {
    value: 5_000,
    unit: 'ms',
    scope: 'request',
    where: 'SQL page',
    counts: 'time that a statement waits for its turn',
    atBound: '503 with Retry-After',
  },
  sqlPerMinute: {
    value: 60,
    unit: 'count',
    scope: 'client',
    where: 'SQL page',
    counts: 'statements in a minute, by address',
    atBound: '429 with Retry-After',
    variable: 'TRACESTORE_SQL_PER_MINUTE',
  },
  sqlMs: {
    value: 30_000,
    unit: 'ms',
    scope: 'request',
    where: 'SQL page',
    counts: 'time that PostgreSQL works on a statement',
    atBound: '504',
    variable: 'TRACESTORE_SQL_TIMEOUT_MS',
  },
  sqlRows: {
    value: 10_000,
    unit: 'count',
    scope: 'request',
    where: 'SQL page',
    counts: 'rows of an answer',
    atBound: 'the rows before that, marked as truncated',
    variable: 'TRACESTORE_SQL_MAX_ROWS',
  },
  sqlAnswerBytes: {
    value: 16 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'SQL page',
    counts: 'bytes of the rows, as JSON',
    atBound: 'the rows before that, marked as truncated; 400 when the first row is longer',
  },
  sqlTempFileBytes: {
    value: 1024 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'SQL page',
    counts: 'bytes of temporary files in PostgreSQL, where the role of tracestore may set `temp_file_limit`',
    atBound: '400',
  },
} as const satisfies Record<string, Limit>;
