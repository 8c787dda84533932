import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type CrossOriginPolicy,
  requireHost,
  requireOwnSite,
  shareWithAllowedOrigins,
} from '../../access/request-checks.js';
import { bearerOf, tokenOf } from '../../access/token-guard.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import { isLoopback } from '../../config/console.config.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { AccessService } from './access.service.js';

/**
 * The checks of a route. `probe`: none, for orchestrators. `page`: the host; these files are the same for every user and
 * other sites may link to them. `session` and `metrics`: the host and the site. `jaeger`, `tempo` and `api`: these and the
 * sign-in.
 */
type Access = 'probe' | 'page' | 'session' | 'metrics' | 'jaeger' | 'tempo' | 'api';

/** The public routes. Every other route requires all checks, so a new controller is closed. */
const publicRoutes: ReadonlyMap<string, Access> = new Map<string, Access>([
  ['/livez', 'probe'],
  ['/readyz', 'probe'],
  ['/metrics', 'metrics'],
  ['/openapi.json', 'page'],
  ['/api/session', 'session'],
  ['/assets/:name', 'page'],
  ['/favicon.svg', 'page'],
  ['/*', 'page'],
  ['/tempo/ready', 'probe'],
]);

function accessOf(route: string | undefined): Access {
  // A path without a route: the response is a 404.
  if (route === undefined) return 'page';
  const known = publicRoutes.get(route);
  if (known !== undefined) return known;
  if (route.startsWith('/jaeger/')) return 'jaeger';
  return route.startsWith('/tempo/') ? 'tempo' : 'api';
}

/**
 * Checks the host, the site and the sign-in of every request on the HTTP port. It is a hook and not a guard, because
 * Nest runs guards after the body is read: a client without a session could send bodies.
 */
@Injectable()
export class ConsoleGate implements OnModuleInit {
  private readonly policy: CrossOriginPolicy;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly access: AccessService,
  ) {
    // Pages of other origins use a bearer token; the session cookie is for the console's own pages.
    this.policy = { origins: config.access.apiOrigins, methods: ['GET', 'HEAD', 'POST'], credentials: false };
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, reply) => this.check(accessOf(request.routeOptions.url), request, reply));
  }

  /** @throws TracestoreError */
  private async check(access: Access, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (access === 'probe') return;
    const authority = requireHost(request, this.needsKnownHost(access) ? this.config.access.hosts : undefined);
    if (shareWithAllowedOrigins(request, reply, this.policy) || access === 'page') return;
    requireOwnSite(request, authority, this.policy, this.access.kind !== 'none');
    if (access === 'session' || access === 'metrics') return;
    if (this.isOpen(access)) return;
    const token = access === 'tempo' ? tokenOf(request.headers) : bearerOf(request.headers.authorization);
    if ((await this.access.userOf(request, token)) === undefined) {
      throw new TracestoreError(errorKinds.signIn, 'Sign in, or send the token as `Authorization: Bearer …`');
    }
  }

  /** Whether a protocol is open to every client. */
  private isOpen(access: Access): boolean {
    const { jaegerHttpAccess, tempoAccess } = this.config;
    return (access === 'jaeger' && jaegerHttpAccess === 'none') || (access === 'tempo' && tempoAccess === 'none');
  }

  /** Whether a page of another site could use the route by DNS rebinding: with a name that resolves to this machine. */
  private needsKnownHost(access: Access): boolean {
    if (access === 'metrics' || this.isOpen(access)) return true;
    // On loopback, pages reach the port without the proxy and can send the user header.
    return this.access.kind === 'none' || (this.access.kind === 'proxy' && isLoopback(this.config.host));
  }
}
