import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { addHealth, type CallCheck, GrpcRouter, GrpcServer } from '@spandrel/grpc';
import { Draining, UnsentAnswers } from '@spandrel/service';
import { TraceService } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { DependenciesReaderPlugin, PluginCapabilities, SpanReaderPlugin } from '../gen/storage_pb.js';
import { Capabilities } from '../gen/storage/v2/capabilities_pb.js';
import { DependencyReader } from '../gen/storage/v2/dependency_storage_pb.js';
import { TraceReader } from '../gen/storage/v2/trace_storage_pb.js';
import { QueryMetricsService } from '../metrics/query-metrics.service.js';
import { GrpcExportService } from '../receive/grpc-export.service.js';
import { QueryDatabaseService } from '../query/query-database.service.js';
import { grpcErrorOf } from '../errors/grpc-error-of.js';
import { DatabaseService } from '../database/database.service.js';
import { grpcCallLimits, grpcServerLimitsOf } from '../config/server-limits.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { CallAccess } from '../protocols/call-access.js';
import { observeCalls, type ObservedProtocol } from '../protocols/observed-calls.js';
import { dependenciesReaderPlugin, pluginCapabilities, spanReaderPlugin } from './storage-v1.js';
import { capabilities, dependencyReader, traceReader } from './storage-v2.js';

const observed: ObservedProtocol = {
  protocol: 'jaeger-grpc',
  kinds: {
    getTraces: 'trace',
    getTrace: 'trace',
    getServices: 'names',
    getOperations: 'names',
    findTraces: 'search',
    findTraceIDs: 'search',
    findSpans: 'search',
    findTraceSummaries: 'search',
    getDependencies: 'services',
  },
};

/**
 * Serves Jaeger's storage API over gRPC, versions 1 and 2, with OTLP for writes and gRPC's health service. All of them
 * share one port. `promscaleGrpcPort` opens a second port with the same services for Promscale's users.
 */
@Injectable()
export class JaegerGrpcService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(JaegerGrpcService.name);
  private readonly server: GrpcServer;
  private readonly promscaleServer: GrpcServer;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    queries: QueryDatabaseService,
    database: DatabaseService,
    exporter: GrpcExportService,
    access: CallAccess,
    private readonly draining: Draining,
    unsent: UnsentAnswers,
    metrics: QueryMetricsService,
  ) {
    const router = new GrpcRouter(grpcErrorOf, unsent, grpcCallLimits, observeCalls(metrics, observed));
    const admit: CallCheck = (headers, address) => access.require(headers, address);
    router.add(TraceReader, traceReader(queries), admit);
    router.add(DependencyReader, dependencyReader(queries), admit);
    router.add(Capabilities, capabilities, admit);
    router.add(SpanReaderPlugin, spanReaderPlugin(queries), admit);
    router.add(DependenciesReaderPlugin, dependenciesReaderPlugin(queries), admit);
    router.add(PluginCapabilities, pluginCapabilities, admit);
    router.addRaw(TraceService.method.export, (stream, headers) => exporter.export(stream, headers));
    addHealth(router, () => database.requireReady());
    this.server = new GrpcServer(grpcServerLimitsOf(config), router.handle);
    this.promscaleServer = new GrpcServer(grpcServerLimitsOf(config), router.handle);
  }

  /** @throws Error if a port is in use */
  async onApplicationBootstrap(): Promise<void> {
    const { host, jaegerGrpcPort, promscaleGrpcPort } = this.config;
    this.logger.log(`Jaeger's storage over gRPC at ${await this.server.listen(host, jaegerGrpcPort)}`);
    if (promscaleGrpcPort === undefined) return;
    const address = await this.promscaleServer.listen(host, promscaleGrpcPort);
    this.logger.log(`OTLP and Jaeger's storage over gRPC, as Promscale had them, at ${address}`);
  }

  /** The address; undefined before it listens. */
  get port(): number | undefined {
    return this.server.port;
  }

  /** The address of Promscale's port, if it is open. */
  get promscalePort(): number | undefined {
    return this.promscaleServer.port;
  }

  /** Drains, accepts no further calls and responds to those in flight. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.server.close(this.draining), this.promscaleServer.close(this.draining)]);
  }
}
