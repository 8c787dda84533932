import { Catch, Inject } from '@nestjs/common';
import { type ProblemDetails, ProblemDetailsFilter } from '@spandrel/service';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Formats an error for the API that owns a route.
 *
 * @returns the JSON body; undefined where the API responds with problem details
 */
export type RouteErrorBody = (route: string, problem: ProblemDetails) => string | undefined;

/** The injection token of a `RouteErrorBody`. */
export const ROUTE_ERROR_BODY = Symbol('ROUTE_ERROR_BODY');

/** Writes every error on tracestore's HTTP port in the form of the API that owns its route. */
@Catch()
export class HttpErrorFilter extends ProblemDetailsFilter {
  constructor(@Inject(ROUTE_ERROR_BODY) private readonly errorBodyOf: RouteErrorBody) {
    super();
  }

  protected override send(request: FastifyRequest, reply: FastifyReply, problem: ProblemDetails): void {
    const body = this.errorBodyOf(request.routeOptions.url ?? '', problem);
    if (body === undefined) super.send(request, reply, problem);
    else void reply.status(problem.status).type('application/json').send(body);
  }
}
