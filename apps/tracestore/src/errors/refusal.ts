import { type GrpcStatus, grpcStatus } from '@spandrel/grpc';

/** What an answer other than success means, on each of the protocols: a row of the error table. */
export interface RefusalKind {
  /** Stable and machine-readable, in kebab-case. */
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number;
  readonly grpcStatus: GrpcStatus;
  /** When the same request may be sent again; without it, never. */
  readonly retryAfterSeconds?: number;
}

/**
 * Every way to say no (OTLP specification 1.x, "Failures" of OTLP/gRPC and OTLP/HTTP). A client gives up the data
 * unless it is told to try again: over gRPC by UNAVAILABLE, or by RESOURCE_EXHAUSTED with a RetryInfo; over HTTP by
 * 429 or 503. So only what no retry can mend may be anything else.
 */
export const refusals = {
  undecodable: {
    code: 'undecodable',
    message: 'The body is no OTLP trace request',
    httpStatus: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  malformedHost: {
    code: 'malformed-host',
    message: 'The Host header is malformed',
    httpStatus: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  foreign: {
    code: 'foreign',
    message: 'The sender is not allowed',
    httpStatus: 403,
    grpcStatus: grpcStatus.PERMISSION_DENIED,
  },
  unknownPath: {
    code: 'unknown-path',
    message: 'Traces are taken at /v1/traces',
    httpStatus: 404,
    grpcStatus: grpcStatus.NOT_FOUND,
  },
  unknownRpc: {
    code: 'unknown-rpc',
    message: 'Only TraceService/Export is served',
    httpStatus: 404,
    grpcStatus: grpcStatus.UNIMPLEMENTED,
  },
  wrongMethod: {
    code: 'wrong-method',
    message: 'Traces are taken by POST',
    httpStatus: 405,
    grpcStatus: grpcStatus.UNIMPLEMENTED,
  },
  tooLarge: {
    code: 'too-large',
    message: 'The request is too large',
    httpStatus: 413,
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
  },
  tooManyPieces: {
    code: 'too-many-pieces',
    message: 'The body comes in too many tiny pieces',
    httpStatus: 400,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  wrongContentType: {
    code: 'wrong-content-type',
    message: 'The content type must be application/x-protobuf or application/json',
    httpStatus: 415,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  wrongContentEncoding: {
    code: 'wrong-content-encoding',
    message: 'The body must be compressed with gzip, deflate, zstd or not at all',
    httpStatus: 415,
    grpcStatus: grpcStatus.UNIMPLEMENTED,
  },
  headersTooLarge: {
    code: 'headers-too-large',
    message: 'The header is too large',
    httpStatus: 431,
    grpcStatus: grpcStatus.INVALID_ARGUMENT,
  },
  overloaded: {
    code: 'overloaded',
    message: 'Too much is being received and written already',
    httpStatus: 429,
    grpcStatus: grpcStatus.RESOURCE_EXHAUSTED,
    retryAfterSeconds: 1,
  },
  internal: {
    code: 'internal',
    message: 'The request could not be stored',
    httpStatus: 500,
    grpcStatus: grpcStatus.INTERNAL,
  },
  interrupted: {
    code: 'interrupted',
    message: 'The request ended before its body',
    httpStatus: 503,
    grpcStatus: grpcStatus.CANCELLED,
    retryAfterSeconds: 1,
  },
  // Not 408, after which clients give up the data: the network that was slow may be fast again.
  tooSlow: {
    code: 'too-slow',
    message: 'The body did not come in time',
    httpStatus: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
    retryAfterSeconds: 5,
  },
  unavailable: {
    code: 'unavailable',
    message: 'The database is not available',
    httpStatus: 503,
    grpcStatus: grpcStatus.UNAVAILABLE,
    retryAfterSeconds: 5,
  },
} as const satisfies Record<string, RefusalKind>;

/** The message goes into headers over gRPC, and a detail may quote what a client sent. */
const maxDetailLength = 500;

/** A request is not stored. The kind's message and the detail are for the client; the cause is for the log. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly kind: RefusalKind,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail === undefined ? kind.message : `${kind.message}: ${detail.slice(0, maxDetailLength)}`, options);
  }
}
