import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** How long requests in flight may take when the process ends, before their connections are cut. */
export const drainMs = 10_000;

/**
 * The last seconds of a service after SIGTERM. It still serves requests, but is not ready and closes each connection
 * with its next response. So clients have closed their connections before the process ends, and no request is cut off.
 * Load balancers have time to remove the service.
 */
export class Draining {
  private over: Promise<void> | undefined;

  /** @param delayMs how long it takes; zero without a load balancer */
  constructor(private readonly delayMs: number) {}

  get hasBegun(): boolean {
    return this.over !== undefined;
  }

  /** Begins at the first call. Resolves when a server must accept no more connections. */
  begin(): Promise<void> {
    this.over ??= this.delayMs > 0 ? sleep(this.delayMs) : Promise.resolve();
    return this.over;
  }
}

/**
 * Lets `close()` drain first, and end with the last answer. Node closes only the connections that are idle at that
 * moment; one that is kept alive and has a request in flight would stay open until its client lets go of it. Needs
 * `return503OnClosing: false`.
 */
export function drainConnectionsOnClose(fastify: FastifyInstance, draining: Draining): void {
  fastify.addHook('preClose', async () => {
    await draining.begin();
    setTimeout(() => fastify.server.closeAllConnections(), drainMs).unref();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (draining.hasBegun) reply.header('connection', 'close');
    done(null, payload);
  });
}
