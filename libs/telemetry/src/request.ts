import { context, trace } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import type { FastifyInstance } from 'fastify';

/**
 * Sets the route of each HTTP server span, so that its name is `GET /numbers/:id` instead of `GET`. Adds the
 * `traceresponse` header with the trace to the response (W3C Trace Context Level 2). A Fastify hook does both for one
 * callback a request; @fastify/otel would add two spans for the same information.
 */
export function traceRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const span = trace.getActiveSpan();
    if (span !== undefined) {
      const metadata = getRPCMetadata(context.active());
      if (metadata !== undefined && request.routeOptions.url !== undefined) metadata.route = request.routeOptions.url;
      const { traceId, spanId, traceFlags } = span.spanContext();
      reply.header('traceresponse', `00-${traceId}-${spanId}-0${traceFlags.toString(16)}`);
    }
    done();
  });
}
