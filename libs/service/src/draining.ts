import type { FastifyInstance } from 'fastify';

/** How long requests in flight may take when the process ends, before their connections are cut. */
export const drainMs = 10_000;

/**
 * Lets `close()` end with the last answer. Node closes only the connections that are idle at that moment; one that is
 * kept alive and has a request in flight would stay open until its client lets go of it.
 *
 * @param delayMs how long connections are still taken and requests answered as ever, except that each answer ends its
 *   connection. Whoever kept one has let go of it by then, so none is cut while a request is on its way; and a load
 *   balancer had the time to look elsewhere. Needs `return503OnClosing: false`.
 */
export function drainConnectionsOnClose(fastify: FastifyInstance, delayMs = 0): void {
  let draining = false;
  fastify.addHook('preClose', (done) => {
    draining = true;
    setTimeout(() => fastify.server.closeAllConnections(), delayMs + drainMs).unref();
    if (delayMs > 0) setTimeout(done, delayMs);
    else done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (draining) reply.header('connection', 'close');
    done(null, payload);
  });
}
