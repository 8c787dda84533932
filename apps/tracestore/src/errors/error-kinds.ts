import { type GrpcStatus, grpcStatus } from '@spandrel/grpc';
import type { ProblemKind } from '@spandrel/service';

/** What an error means in each protocol. */
export interface ErrorKind extends ProblemKind {
  readonly grpcStatus: GrpcStatus;
}

/** In seconds. Long enough for a short outage of the database to end. */
const outageRetryAfterS = 5;

/**
 * Every error that tracestore responds with. An entry states the code, the title, the HTTP and the gRPC status, and
 * after how many seconds a client should retry. Clients discard data after any error without a retry, so an error of
 * OTLP lacks one only if each retry would fail too (OTLP specification 1.x, "Failures" of OTLP/gRPC and OTLP/HTTP).
 */
export const errorKinds = {
  // Any protocol
  malformedHost: {
    code: 'malformed-host',
    title: 'Malformed Host header',
    status: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  foreignHost: {
    code: 'foreign-host',
    title: 'Host not allowed',
    status: 403,
    grpcStatus: grpcStatus.PERMISSION_DENIED,
  },
  foreignPage: {
    code: 'foreign-page',
    title: 'Cross-site request not allowed',
    status: 403,
    grpcStatus: grpcStatus.PERMISSION_DENIED,
  },
  internal: {
    code: 'internal',
    title: 'Internal error',
    status: 500,
    grpcStatus: grpcStatus.INTERNAL,
  },
  unavailable: {
    code: 'unavailable',
    title: 'The database is not available',
    status: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
    retryAfterS: outageRetryAfterS,
  },

  // OTLP
  undecodable: {
    code: 'undecodable',
    title: 'Not a valid OTLP trace request',
    status: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  unknownPath: {
    code: 'unknown-path',
    title: 'Use the path /v1/traces',
    status: 404,
    grpcStatus: grpcStatus.NOT_FOUND,
  },
  unknownRpc: {
    code: 'unknown-rpc',
    title: 'Use the method TraceService/Export',
    status: 404,
    grpcStatus: grpcStatus.UNIMPLEMENTED,
  },
  wrongMethod: {
    code: 'wrong-method',
    title: 'Use POST',
    status: 405,
    grpcStatus: grpcStatus.UNIMPLEMENTED,
  },
  tooLarge: {
    code: 'too-large',
    title: 'Request is too large',
    status: 413,
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
  },
  tooManyPieces: {
    code: 'too-many-pieces',
    title: 'Request body has too many tiny chunks',
    status: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  wrongContentType: {
    code: 'wrong-content-type',
    title: 'Content-Type must be application/x-protobuf or application/json',
    status: 415,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  wrongContentEncoding: {
    code: 'wrong-content-encoding',
    title: 'Compression must be gzip, deflate, zstd or none',
    status: 415,
    grpcStatus: grpcStatus.UNIMPLEMENTED,
  },
  headersTooLarge: {
    code: 'headers-too-large',
    title: 'Request headers are too large',
    status: 431,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  overloaded: {
    code: 'overloaded',
    title: 'Server is at its in-flight limit',
    status: 429,
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
    retryAfterS: 1,
  },
  interrupted: {
    code: 'interrupted',
    title: 'Connection closed before the end of the request body',
    status: 503,
    grpcStatus: grpcStatus.CANCELLED,
    retryAfterS: 1,
  },
  // Not 408: clients discard the data after it, although a retry may be fast enough.
  tooSlow: {
    code: 'too-slow',
    title: 'Request body did not arrive in time',
    status: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
    retryAfterS: outageRetryAfterS,
  },

  // Queries
  invalid: {
    code: 'invalid',
    title: 'Invalid query',
    status: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  cancelled: {
    code: 'cancelled',
    title: 'Request cancelled by the client',
    // As nginx logs it. The client has closed the connection and receives no response.
    status: 499,
    grpcStatus: grpcStatus.CANCELLED,
  },
  timedOut: {
    code: 'timed-out',
    title: 'Query timed out; use a shorter time range or a narrower filter',
    status: 504,
    grpcStatus: grpcStatus.DEADLINE_EXCEEDED,
  },
  responseTooLarge: {
    code: 'response-too-large',
    title: 'Response would be too large; narrow the query',
    status: 422,
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
  },
  busy: {
    code: 'busy',
    title: 'All query connections are in use',
    status: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
    retryAfterS: outageRetryAfterS,
  },
  unknownTrace: {
    code: 'unknown-trace',
    title: 'Trace not found',
    status: 404,
    grpcStatus: grpcStatus.NOT_FOUND,
  },

  // The console and its API
  unknownSpan: {
    code: 'unknown-span',
    title: 'Span not found',
    status: 404,
    grpcStatus: grpcStatus.NOT_FOUND,
  },
  unknownQuery: {
    code: 'unknown-query',
    title: 'Dashboard query not found',
    status: 404,
    grpcStatus: grpcStatus.NOT_FOUND,
  },
  wrongParameter: {
    code: 'wrong-parameter',
    title: 'Unknown parameter',
    status: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  wrongSql: {
    code: 'wrong-sql',
    title: 'Invalid SQL statement',
    status: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  noReader: {
    code: 'no-reader',
    title: 'The role ps_trace_reader is not usable',
    status: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
  },
  signIn: {
    code: 'sign-in',
    title: 'Not signed in',
    status: 401,
    grpcStatus: grpcStatus.UNAUTHENTICATED,
  },
  wrongToken: {
    code: 'wrong-token',
    title: 'Wrong token',
    status: 401,
    grpcStatus: grpcStatus.UNAUTHENTICATED,
  },
  // Its retry depends on the client: see AccessService.
  tooManyAttempts: {
    code: 'too-many-attempts',
    title: 'Too many wrong tokens',
    status: 429,
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
  },
  unknownFile: {
    code: 'unknown-file',
    title: 'File not found',
    status: 404,
    grpcStatus: grpcStatus.NOT_FOUND,
  },
  consoleNotBuilt: {
    code: 'console-not-built',
    title: 'The console is not built',
    status: 404,
    grpcStatus: grpcStatus.NOT_FOUND,
  },
} as const satisfies Record<string, ErrorKind>;
