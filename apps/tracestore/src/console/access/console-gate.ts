import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Problem } from '@spandrel/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type CrossOriginPolicy,
  requireHost,
  requireOwnSite,
  shareWithAllowedOrigins,
} from '../../access/request-checks.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import { isLoopback } from '../../config/console.config.js';
import { webRoutes } from '../web/web-routes.js';
import { AccessService } from './access.service.js';

const signIn = { code: 'sign-in', status: 401, title: 'Sign in first' } as const;

/**
 * What a route gives away, and so what it asks for. `probe`: nothing, to orchestrators. `page`: files that are the same
 * for all users; other sites may link to them. `session`: whether a browser is signed in. `metrics`: counts, without
 * sign-in. `jaeger` and `api`: traces.
 */
type Door = 'probe' | 'page' | 'session' | 'metrics' | 'jaeger' | 'api';

const doors: ReadonlyMap<string, Door> = new Map<string, Door>([
  ['/livez', 'probe'],
  ['/readyz', 'probe'],
  ['/metrics', 'metrics'],
  ['/openapi.json', 'page'],
  ['/api/session', 'session'],
  ...webRoutes.map((route) => [route, 'page'] as const),
]);

/**
 * Formats an error for the API that owns a route.
 *
 * @returns the JSON body; undefined where the route answers with problem details
 */
export type RouteErrorBody = (route: string, status: number, message: string) => string | undefined;

/** The token under which it is injected. */
export const ROUTE_ERROR_BODY = Symbol('ROUTE_ERROR_BODY');

/** A route that is not listed asks for everything. */
function doorOf(route: string | undefined): Door {
  // Of a path without a route: its answer is a 404.
  if (route === undefined) return 'page';
  return doors.get(route) ?? (route.startsWith('/jaeger/') ? 'jaeger' : 'api');
}

/** Checks every request to the console's port before its body is read: the host, the site, the sign-in. */
@Injectable()
export class ConsoleGate implements OnModuleInit {
  private readonly policy: CrossOriginPolicy;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(AccessService) private readonly access: AccessService,
    @Inject(ROUTE_ERROR_BODY) private readonly errorBodyOf: RouteErrorBody,
  ) {
    // Pages of other origins sign in with a bearer token: a session's cookie is for the console's own pages.
    this.policy = { origins: config.access.apiOrigins, methods: ['GET', 'HEAD', 'POST'], credentials: false };
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', async (request, reply) => {
      const route = request.routeOptions.url;
      try {
        await this.check(doorOf(route), request, reply);
      } catch (error) {
        if (!(error instanceof Problem) || route === undefined) throw error;
        const body = this.errorBodyOf(route, error.kind.status, error.detail);
        if (body === undefined) throw error;
        if (error.retryAfterS !== undefined) reply.header('retry-after', error.retryAfterS);
        await reply.status(error.kind.status).type('application/json').send(body);
      }
    });
  }

  /** @throws Problem */
  private async check(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (door === 'probe') return;
    const authority = requireHost(request, this.mayNamesLie(door) ? this.config.access.hosts : undefined);
    if (shareWithAllowedOrigins(request, reply, this.policy) || door === 'page') return;
    requireOwnSite(request, authority, this.policy, this.access.kind !== 'none');
    if (door === 'session' || door === 'metrics') return;
    if (door === 'jaeger' && this.config.jaegerHttpAccess === 'none') return;
    if ((await this.access.userOf(request)) === undefined) {
      throw new Problem(signIn, 'This needs the token, as `Authorization: Bearer …` or by signing in');
    }
  }

  /** Whether a page at a name of its own could use the door, once that name resolves to this machine. */
  private mayNamesLie(door: Door): boolean {
    if (door === 'metrics' || (door === 'jaeger' && this.config.jaegerHttpAccess === 'none')) return true;
    // On the loopback pages reach the port without the proxy, and can send the header of its users.
    return this.access.kind === 'none' || (this.access.kind === 'proxy' && isLoopback(this.config.host));
  }
}
