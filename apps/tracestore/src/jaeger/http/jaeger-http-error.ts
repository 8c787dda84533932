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

/** The body of an error of the older API. */
export function v1ErrorBody(status: number, message: string): string {
  return JSON.stringify({ data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg: message }] });
}

/** The body of an error of `api_v3`. */
export function v3ErrorBody(status: number, message: string): string {
  return JSON.stringify({ error: { httpCode: status, message } });
}

/** The body of an error that comes before a controller, by the route that the request matched. */
export function jaegerErrorBody(route: string, status: number, message: string): string {
  return (route.startsWith('/jaeger/api/v3/') ? v3ErrorBody : v1ErrorBody)(status, message);
}
