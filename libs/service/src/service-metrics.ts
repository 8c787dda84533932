import { probePaths } from '@spandrel/telemetry';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { whenClosed } from './when-closed.js';

/** Upper bounds in seconds, those of the semantic conventions for `http.server.request.duration`. */
const durationBucketsS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The methods of RFC 9110 and RFC 5789. Any other is `_OTHER`, because a client can make up names. */
const knownMethods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/** The status of a request whose client closed the connection before the whole response was sent. */
const cancelledStatus = 499;

/**
 * The metrics of a process for Prometheus: those of Node.js, of its HTTP server, and what its modules add to `registry`.
 * Names and labels are OpenTelemetry's semantic conventions in the form of Prometheus. No label has a value that a client
 * chooses. Each instance has a registry of its own, because a test runs several services in a process.
 */
export class ServiceMetrics {
  readonly registry = new Registry();
  private readonly requests: Histogram<'http_request_method' | 'http_route' | 'http_response_status_code'>;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Time from the headers of a request to the end of its response, without probes; status 499: the client closed the connection',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
      buckets: durationBucketsS,
      registers: [this.registry],
    });
  }

  /** Measures every request of a server but probes. A path without a route has an empty `http_route`. */
  measureRequests(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', ({ method, routeOptions: { url = '' } }, { raw }, done) => {
      if (!probePaths.has(url)) {
        const startMs = performance.now();
        whenClosed(raw, () => {
          const labels = {
            http_request_method: knownMethods.has(method) ? method : '_OTHER',
            http_route: url,
            http_response_status_code: raw.writableFinished ? raw.statusCode : cancelledStatus,
          };
          this.requests.observe(labels, (performance.now() - startMs) / 1000);
        });
      }
      done();
    });
  }
}
