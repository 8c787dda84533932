import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccessGuard } from '../../console/access/access.guard.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../tracestore.config.js';
import { JaegerHttpError } from './jaeger-http-error.js';

/** Lets those ask Jaeger's HTTP API who may use the console, or everybody where the configuration says so. */
@Injectable()
export class JaegerAccessGuard implements CanActivate {
  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: Pick<TracestoreConfig, 'jaegerHttpAccess'>,
    @Inject(AccessGuard) private readonly console: AccessGuard,
  ) {}

  /** @throws JaegerHttpError 401 */
  canActivate(context: ExecutionContext): true {
    if (this.config.jaegerHttpAccess === 'none') return true;
    // Where nobody has to sign in, Grafana may ask with whatever headers its own users' browsers have sent it.
    if (this.console.userOf(context.switchToHttp().getRequest<FastifyRequest>()) !== undefined) return true;
    throw new JaegerHttpError(401, 'this needs the token of the console, as `Authorization: Bearer …`');
  }
}
