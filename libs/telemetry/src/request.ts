import { context, trace } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import type { FastifyInstance } from 'fastify';

/**
 * Adds the route to the SERVER span of each request, so that its name is `GET /numbers/:id` instead of `GET`, and the
 * header `traceresponse` (W3C Trace Context Level 2) to the response. One Fastify hook does both; @fastify/otel would add
 * two spans.
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
