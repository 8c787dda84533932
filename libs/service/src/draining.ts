import type { FastifyInstance } from 'fastify';

/** How long requests in flight may take when the process ends, before their connections are cut. */
export const drainMs = 10_000;

/**
 * Lets `close()` end with the last answer. Node closes only the connections that are idle at that moment; one that is
 * kept alive and has a request in flight would stay open until its client lets go of it.
 */
export function drainConnectionsOnClose(fastify: FastifyInstance): void {
  let draining = false;
  fastify.addHook('preClose', (done) => {
    draining = true;
    setTimeout(() => fastify.server.closeAllConnections(), drainMs).unref();
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (draining) reply.header('connection', 'close');
    done(null, payload);
  });
}
