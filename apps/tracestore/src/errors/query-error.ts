import pg from 'pg';
import { type GrpcStatus, grpcStatus } from '@spandrel/grpc';
import { classifyFailure } from './database-failure.js';

/** What a question without an answer means, on each of the protocols: a row of the error table. */
export interface QueryErrorKind {
  /** Stable and machine-readable, in kebab-case. */
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number;
  readonly grpcStatus: GrpcStatus;
  /** Whether the same question may be answered later. */
  readonly mayRetry: boolean;
}

/** Every way in which a question may fail. */
export const queryErrors = {
  invalid: {
    code: 'invalid',
    message: 'The question is wrong',
    httpStatus: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
    mayRetry: false,
  },
  cancelled: {
    code: 'cancelled',
    message: 'Whoever asked no longer waits',
    // Nobody reads it; nginx's number for a client that closed the connection.
    httpStatus: 499,
    grpcStatus: grpcStatus.CANCELLED,
    mayRetry: false,
  },
  timedOut: {
    code: 'timed-out',
    message: 'The database took too long to answer; ask about less time, or more narrowly',
    httpStatus: 504,
    grpcStatus: grpcStatus.DEADLINE_EXCEEDED,
    mayRetry: false,
  },
  tooLarge: {
    code: 'too-large',
    message: 'The response would be too large; narrow the query',
    httpStatus: 422,
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
    mayRetry: false,
  },
  busy: {
    code: 'busy',
    message: 'The database is busy with other statements; try again later',
    httpStatus: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
    mayRetry: true,
  },
  unavailable: {
    code: 'unavailable',
    message: 'The database is not available',
    httpStatus: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
    mayRetry: true,
  },
  internal: {
    code: 'internal',
    message: 'The question could not be answered',
    httpStatus: 500,
    grpcStatus: grpcStatus.INTERNAL,
    mayRetry: false,
  },
} as const satisfies Record<string, QueryErrorKind>;

/** A message may quote what was asked. */
const maxDetailLength = 500;

/** A question has no answer. Kind and message are for whoever asked; the cause is for the log. */
export class QueryError extends Error {
  override readonly name = 'QueryError';

  constructor(
    readonly kind: QueryErrorKind,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail === undefined ? kind.message : `${kind.message}: ${detail.slice(0, maxDetailLength)}`, options);
  }
}

/** The server ended a statement: it was asked to, or the statement took too long (SQLSTATE query_canceled). */
const queryCanceled = '57014';

/** What the statements are about is missing, or may not be read: no database of ours yet (class 42 of SQLSTATE). */
const notOurs: ReadonlySet<string> = new Set(['42P01', '42501', '42703', '42883']);

/**
 * SQLSTATE classes that blame a value of the request: data exceptions, and what is too large or too complex for
 * PostgreSQL. Our own values cause neither.
 */
const invalidClasses: ReadonlySet<string> = new Set(['22', '54']);

/** What a failure of a query, or of the connection, means for whoever asked. */
export function queryErrorOf(cause: unknown, signal: AbortSignal | undefined): QueryError {
  if (cause instanceof QueryError) return cause;
  if (signal?.aborted === true) return new QueryError(queryErrors.cancelled, undefined, { cause });
  if (cause instanceof pg.DatabaseError && cause.code === queryCanceled) {
    return new QueryError(queryErrors.timedOut, undefined, { cause });
  }
  if (cause instanceof pg.DatabaseError && invalidClasses.has(cause.code?.slice(0, 2) ?? '')) {
    return new QueryError(queryErrors.invalid, cause.message, { cause });
  }
  return new QueryError(isOurFault(cause) ? queryErrors.internal : queryErrors.unavailable, undefined, { cause });
}

function isOurFault(cause: unknown): boolean {
  const code = cause instanceof pg.DatabaseError ? cause.code : undefined;
  if (code?.startsWith('42') === true) return !notOurs.has(code);
  return classifyFailure(cause) === 'refused';
}
