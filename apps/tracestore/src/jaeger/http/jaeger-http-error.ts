import { HttpException, Logger } from '@nestjs/common';
import { QueryError, queryErrors } from '../../query/query-error.js';

/** A request of Jaeger's HTTP API that is answered other than well. The message is for whoever asked. */
export class JaegerHttpError extends Error {
  override readonly name = 'JaegerHttpError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const logger = new Logger('Jaeger');

/** What a failure means for whoever asked. What is our own fault is logged. */
export function jaegerHttpErrorOf(failure: unknown): JaegerHttpError {
  if (failure instanceof JaegerHttpError) return failure;
  if (failure instanceof HttpException) return new JaegerHttpError(failure.getStatus(), failure.message);
  const error =
    failure instanceof QueryError ? failure : new QueryError(queryErrors.internal, undefined, { cause: failure });
  if (error.kind.code === 'internal') logger.error(error.cause instanceof Error ? error.cause : error);
  return new JaegerHttpError(error.kind.httpStatus, error.message);
}

/** @param problem completes a sentence that begins with the parameter */
export function malformed(parameter: string, problem: string): JaegerHttpError {
  return new JaegerHttpError(400, `parameter '${parameter}' ${problem}`);
}
