import { context, trace } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import type { FastifyInstance } from 'fastify';

/**
 * Tells the HTTP server span of each request the route that it met, so that the span is called
 * `GET /numbers/:id` rather than `GET`, and tells the client the trace in the `traceresponse` header
 * (W3C Trace Context Level 2). A hook of Fastify's does both at the price of one callback a request;
 * @fastify/otel would add two spans to say the same.
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
