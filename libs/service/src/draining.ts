import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** How long requests in flight may take when the process ends, before their connections are cut. */
export const drainMs = 10_000;

/**
 * The last seconds of a service that was told to end: it takes and answers requests as ever, but says that it is not
 * ready, and ends each connection with its next answer. Whoever kept one has let go of it by then, so none is cut while
 * a request is on its way; and a load balancer had the time to look elsewhere.
 */
export class Draining {
  private over: Promise<void> | undefined;

  /** @param delayMs how long it takes; zero where nobody looks elsewhere */
  constructor(private readonly delayMs: number) {}

  get hasBegun(): boolean {
    return this.over !== undefined;
  }

  /** Begins, the first time. Resolves, for each server that asks, when it is to take nothing more. */
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
