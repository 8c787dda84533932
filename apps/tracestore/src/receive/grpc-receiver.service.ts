import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { GrpcServer } from '@spandrel/grpc';
import { Draining } from '@spandrel/service';
import { grpcServerLimitsOf } from '../config/server-limits.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { GrpcExportService } from './grpc-export.service.js';

/** Serves OTLP over gRPC on its own port. */
@Injectable()
export class GrpcReceiverService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(GrpcReceiverService.name);
  private readonly server: GrpcServer;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    exporter: GrpcExportService,
    private readonly draining: Draining,
  ) {
    this.server = new GrpcServer(grpcServerLimitsOf(config), (stream, headers) => exporter.export(stream, headers));
  }

  /** @throws Error when the port is in use */
  async onApplicationBootstrap(): Promise<void> {
    this.logger.log(`OTLP over gRPC at ${await this.server.listen(this.config.host, this.config.otlpGrpcPort)}`);
  }

  /** The port; undefined before the server listens. */
  get port(): number | undefined {
    return this.server.port;
  }

  /** Drains, refuses new calls and completes those in flight. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.server.close(this.draining);
  }
}
