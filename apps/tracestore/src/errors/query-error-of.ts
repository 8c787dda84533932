import pg from 'pg';
import { classifyFailure } from './database-failure.js';
import { errorKinds } from './error-kinds.js';
import { TracestoreError } from './tracestore-error.js';

/** SQLSTATE query_canceled: the statement was cancelled or exceeded its timeout. */
const queryCanceled = '57014';

/** SQLSTATEs of class 42 that mean a missing schema, table or privilege: tracestore has not prepared the database yet. */
const unprepared: ReadonlySet<string> = new Set(['42P01', '42501', '42703', '42883']);

/**
 * SQLSTATE classes that a value of the request causes: data exceptions, and program limits of PostgreSQL. tracestore's
 * own values cause neither.
 */
const invalidClasses: ReadonlySet<string> = new Set(['22', '54']);

/** Converts a failure of a query, or of its connection, to the error for the client. */
export function queryErrorOf(cause: unknown, signal: AbortSignal | undefined): TracestoreError {
  if (cause instanceof TracestoreError) return cause;
  if (signal?.aborted === true) return new TracestoreError(errorKinds.cancelled, undefined, { cause });
  if (cause instanceof pg.DatabaseError && cause.code === queryCanceled) {
    return new TracestoreError(errorKinds.timedOut, undefined, { cause });
  }
  if (cause instanceof pg.DatabaseError && invalidClasses.has(cause.code?.slice(0, 2) ?? '')) {
    return new TracestoreError(errorKinds.invalid, cause.message, { cause });
  }
  return new TracestoreError(isBug(cause) ? errorKinds.internal : errorKinds.unavailable, undefined, { cause });
}

function isBug(cause: unknown): boolean {
  const code = cause instanceof pg.DatabaseError ? cause.code : undefined;
  if (code?.startsWith('42') === true) return !unprepared.has(code);
  return classifyFailure(cause) === 'refused';
}
