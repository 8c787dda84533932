import { HttpException, Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { QueryError, queryErrors } from '../../errors/query-error.js';

/** A request of Jaeger's HTTP API that is answered other than well. The message is for whoever asked. */
export class JaegerHttpError extends Error {
  override readonly name = 'JaegerHttpError';

  constructor(
    readonly status: number,
    message: string,
    /** When to try again; undefined where that is of no use. */
    readonly retryAfterS?: number,
  ) {
    super(message);
  }
}

const logger = new Logger('Jaeger');

const retryAfterS = 5;

/** What a failure means for whoever asked. What is our own fault is logged. */
export function jaegerHttpErrorOf(failure: unknown): JaegerHttpError {
  if (failure instanceof JaegerHttpError) return failure;
  if (failure instanceof HttpException) return new JaegerHttpError(failure.getStatus(), failure.message);
  const error =
    failure instanceof QueryError ? failure : new QueryError(queryErrors.internal, undefined, { cause: failure });
  if (error.kind.code === 'internal') logger.error(error.cause instanceof Error ? error.cause : error);
  return new JaegerHttpError(error.kind.httpStatus, error.message, error.kind.mayRetry ? retryAfterS : undefined);
}

/** Answer a request with an error, in the shape that its API has for it. */
export function sendError(reply: FastifyReply, { status, retryAfterS: seconds }: JaegerHttpError, body: string): void {
  if (seconds !== undefined) void reply.header('retry-after', seconds);
  void reply.status(status).type('application/json').send(body);
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

/**
 * The body of an error that is raised before a controller, by the route that the request matched.
 *
 * @returns undefined for a route outside of Jaeger's HTTP API
 */
export function jaegerErrorBody(route: string, status: number, message: string): string | undefined {
  if (!route.startsWith('/jaeger/')) return undefined;
  return (route.startsWith('/jaeger/api/v3/') ? v3ErrorBody : v1ErrorBody)(status, message);
}
