import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { addHealth, type CallCheck, GrpcRouter, GrpcServer } from '@spandrel/grpc';
import {
  checkingIntervalMs,
  ConnectionTable,
  divideConnections,
  Draining,
  drainMs,
  limitConnections,
  refuseConnection,
  UnsentAnswers,
} from '@spandrel/service';
import type { FastifyInstance } from 'fastify';
import { connectionLimitsOf, grpcCallLimits, grpcServerLimitsOf } from '../config/server-limits.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { DatabaseService } from '../database/database.service.js';
import { grpcErrorOf } from '../errors/grpc-error-of.js';
import { StreamingQuerier } from '../gen/tempopb/tempo_pb.js';
import { limits } from '../limits.js';
import { QueryMetricsService } from '../metrics/query-metrics.service.js';
import { CallAccess } from '../protocols/call-access.js';
import { observeCalls, type ObservedProtocol } from '../protocols/observed-calls.js';
import { streamingQuerier } from './streaming-querier.js';
import { TempoService } from './tempo.service.js';

const observed: ObservedProtocol = {
  protocol: 'tempo-grpc',
  kinds: {
    search: 'search',
    searchTags: 'names',
    searchTagsV2: 'names',
    searchTagValues: 'names',
    searchTagValuesV2: 'names',
    metricsQueryRange: 'dashboards',
    metricsQueryInstant: 'dashboards',
  },
};

/**
 * The port that Grafana takes for a Tempo. It speaks HTTP/1.1, and HTTP/2 for gRPC, without TLS. Its HTTP requests go through the
 * routes of the HTTP port below `/tempo`, with the same checks, limits and metrics.
 */
@Injectable()
export class TempoPortService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(TempoPortService.name);
  private readonly http: Server;
  private readonly grpc: GrpcServer;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    private readonly adapterHost: HttpAdapterHost,
    tempo: TempoService,
    database: DatabaseService,
    access: CallAccess,
    private readonly draining: Draining,
    unsent: UnsentAnswers,
    metrics: QueryMetricsService,
  ) {
    const router = new GrpcRouter(grpcErrorOf, unsent, grpcCallLimits, observeCalls(metrics, observed));
    const admit: CallCheck = (headers, address) => access.requireTempo(headers, address);
    router.add(StreamingQuerier, streamingQuerier(tempo), admit);
    addHealth(router, () => database.requireReady());
    const table = new ConnectionTable(connectionLimitsOf(config));
    this.grpc = new GrpcServer(grpcServerLimitsOf(config), router.handle, table);
    this.http = createServer({
      requestTimeout: limits.apiRequestMs.value,
      headersTimeout: limits.headersMs.value,
      keepAliveTimeout: limits.keepAliveMs.value,
      connectionsCheckingInterval: checkingIntervalMs,
    });
    this.http.on('clientError', refuseConnection);
    limitConnections(this.http, table);
    divideConnections(this.http, table, limits.headersMs.value, (socket) => this.grpc.accept(socket));
  }

  /** @throws Error if the port is in use */
  async onApplicationBootstrap(): Promise<void> {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    // Otherwise a request could come before the routes and the checks are there.
    await fastify.ready();
    this.http.on('request', (request, response) => {
      request.url = belowTempo(request.url ?? '/');
      fastify.routing(request, response);
    });
    const { host, tempoPort } = this.config;
    this.http.listen({ host, port: tempoPort });
    await once(this.http, 'listening');
    this.logger.log(`Tempo's API over HTTP and gRPC at ${host.includes(':') ? `[${host}]` : host}:${this.port}`);
  }

  /** The port; undefined before it listens. */
  get port(): number | undefined {
    const address = this.http.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Drains, accepts no further connections and responds to the requests in flight. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.http.listening) return;
    const grpcClosed = this.grpc.close(this.draining);
    await this.draining.begin();
    const closed = new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
    const cut = setTimeout(() => this.http.closeAllConnections(), drainMs);
    await Promise.all([grpcClosed, closed]);
    clearTimeout(cut);
  }
}

/** The path of a request, below that of Tempo on the HTTP port. A target can have the authority before it. */
function belowTempo(url: string): string {
  return url.replace(/^(?:https?:\/\/[^/?#]*)?/i, (authority) => `${authority}/tempo`);
}
