import { Catch, Inject } from '@nestjs/common';
import { type ProblemDetails, ProblemDetailsFilter } from '@spandrel/service';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Formats an error for the API that owns a route.
 *
 * @returns the body with its content type; undefined where the API responds with problem details
 */
export type RouteErrorBody = (
  route: string,
  problem: ProblemDetails,
) => { readonly type: string; readonly body: string } | undefined;

const codes = new WeakMap<object, string>();

/**
 * The code of the error that a request was answered with.
 *
 * @param response Node's response
 * @returns undefined for a success, and for an error without a code
 */
export function errorCodeOf(response: object): string | undefined {
  return codes.get(response);
}

/** The injection token of a `RouteErrorBody`. */
export const ROUTE_ERROR_BODY = Symbol('ROUTE_ERROR_BODY');

/** Writes every error on tracestore's HTTP port in the form of the API that owns its route. */
@Catch()
export class HttpErrorFilter extends ProblemDetailsFilter {
  constructor(@Inject(ROUTE_ERROR_BODY) private readonly errorBodyOf: RouteErrorBody) {
    super();
  }

  protected override send(request: FastifyRequest, reply: FastifyReply, problem: ProblemDetails): void {
    const code = /^urn:spandrel:problem:(.+)$/.exec(problem.type)?.[1];
    if (code !== undefined) codes.set(reply.raw, code);
    const error = this.errorBodyOf(request.routeOptions.url ?? '', problem);
    if (error === undefined) super.send(request, reply, problem);
    else void reply.status(problem.status).type(error.type).send(error.body);
  }
}
