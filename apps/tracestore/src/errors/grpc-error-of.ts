import { Logger } from '@nestjs/common';
import { GrpcError } from '@spandrel/grpc';
import { errorKinds } from './error-kinds.js';
import { TracestoreError } from './tracestore-error.js';

const logger = new Logger('gRPC');

/** Converts any failure of a call to its gRPC status. Logs an internal error. */
export function grpcErrorOf(failure: unknown): GrpcError {
  const error =
    failure instanceof TracestoreError
      ? failure
      : new TracestoreError(errorKinds.internal, undefined, { cause: failure });
  if (error.kind.code === errorKinds.internal.code) logger.error(error.cause instanceof Error ? error.cause : error);
  return new GrpcError(error.kind.grpcStatus, error.message, { cause: error });
}
