import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { activeTraceId, probePaths } from '@spandrel/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem, type ProblemDetails, statusTitle } from './problem.js';

/**
 * Responds to every error with problem details (RFC 9457) that carry the trace id. A `Problem` and an HTTP exception
 * supply the details. Any other error is a plain 500: its cause is in the log and in the trace, never in the response.
 */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemDetailsFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const traceId = activeTraceId();
    const problem: ProblemDetails = {
      ...describe(error),
      instance: request.url,
      ...(traceId === undefined ? {} : { traceId }),
    };
    // A probe repeats every few seconds.
    if (problem.status === 503 && probePaths.has(request.url)) this.logger.debug(problem.detail);
    else if (problem.status >= 500) this.logger.error(error instanceof Error ? error : new Error(String(error)));
    if (error instanceof Problem && error.retryAfterS !== undefined) reply.header('retry-after', error.retryAfterS);
    this.send(request, reply, problem);
  }

  /** Sends the response, whose headers are set. A service with another form of errors overrides this. */
  protected send(_request: FastifyRequest, reply: FastifyReply, problem: ProblemDetails): void {
    void reply.status(problem.status).header('content-type', 'application/problem+json').send(problem);
  }
}

function describe(error: unknown): ProblemDetails {
  if (error instanceof Problem) {
    const { type, kind, detail, extensions } = error;
    const { title, status } = kind;
    return { ...extensions, type, title, status, ...(detail === title ? {} : { detail }) };
  }
  const status = statusOf(error);
  const details = { type: 'about:blank', title: statusTitle(status), status };
  if (error instanceof HttpException) {
    const response = error.getResponse();
    const messages = typeof response === 'object' && 'message' in response ? response.message : undefined;
    return Array.isArray(messages)
      ? { ...details, detail: messages.join('; '), errors: messages.map(String) }
      : { ...details, detail: error.message };
  }
  return status < 500 && error instanceof Error ? { ...details, detail: error.message } : details;
}

/** Fastify's own errors, such as a body that is not JSON, have a `statusCode`. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status <= 599 ? status : 500;
}
