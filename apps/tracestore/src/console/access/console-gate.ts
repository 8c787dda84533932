import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type CrossOriginPolicy,
  requireHost,
  requireOwnSite,
  shareWithAllowedOrigins,
} from '../../access/request-checks.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import { isLoopback } from '../../config/console.config.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { webRoutes } from '../web/web-routes.js';
import { AccessService } from './access.service.js';

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
    private readonly adapterHost: HttpAdapterHost,
    private readonly access: AccessService,
  ) {
    // Pages of other origins sign in with a bearer token: a session's cookie is for the console's own pages.
    this.policy = { origins: config.access.apiOrigins, methods: ['GET', 'HEAD', 'POST'], credentials: false };
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, reply) => this.check(doorOf(request.routeOptions.url), request, reply));
  }

  /** @throws TracestoreError */
  private async check(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (door === 'probe') return;
    const authority = requireHost(request, this.mayNamesLie(door) ? this.config.access.hosts : undefined);
    if (shareWithAllowedOrigins(request, reply, this.policy) || door === 'page') return;
    requireOwnSite(request, authority, this.policy, this.access.kind !== 'none');
    if (door === 'session' || door === 'metrics') return;
    if (door === 'jaeger' && this.config.jaegerHttpAccess === 'none') return;
    if ((await this.access.userOf(request)) === undefined) {
      throw new TracestoreError(errorKinds.signIn, 'Sign in, or send the token as `Authorization: Bearer …`');
    }
  }

  /** Whether a page at a name of its own could use the door, once that name resolves to this machine. */
  private mayNamesLie(door: Door): boolean {
    if (door === 'metrics' || (door === 'jaeger' && this.config.jaegerHttpAccess === 'none')) return true;
    // On the loopback pages reach the port without the proxy, and can send the header of its users.
    return this.access.kind === 'none' || (this.access.kind === 'proxy' && isLoopback(this.config.host));
  }
}
