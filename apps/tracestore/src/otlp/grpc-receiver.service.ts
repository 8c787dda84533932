import {
  Metadata,
  type MethodDefinition,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { drainMs } from '@spandrel/service';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import { encodeStatus } from './refusal-status.js';
import { Refusal, refusals } from './refusal.js';
import { encodeResponse, TraceIngestService } from './trace-ingest.service.js';

const asItIs = (bytes: Buffer): Buffer => bytes;

/** `TraceService/Export` with messages as bytes: what they say is not this file's business. */
const exportMethod: MethodDefinition<Buffer, Buffer> = {
  path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  requestStream: false,
  responseStream: false,
  requestSerialize: asItIs,
  requestDeserialize: asItIs,
  responseSerialize: asItIs,
  responseDeserialize: asItIs,
};

/** OTLP over gRPC. Messages above the limit, compressed or not, are refused by grpc-js itself with RESOURCE_EXHAUSTED. */
@Injectable()
export class GrpcReceiverService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(GrpcReceiverService.name);
  private readonly server: Server;
  private boundPort: number | undefined;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    @Inject(TraceIngestService) private readonly ingest: TraceIngestService,
  ) {
    this.server = new Server({ 'grpc.max_receive_message_length': config.maxRequestBytes });
    this.server.addService(
      { export: exportMethod },
      {
        export: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
          void this.export(call, answer),
      },
    );
  }

  /** @throws Error when the port is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { host, otlpGrpcPort } = this.config;
    const address = `${host.includes(':') ? `[${host}]` : host}:${otlpGrpcPort}`;
    this.boundPort = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    this.logger.log(`OTLP over gRPC at ${address}`);
  }

  /** Where it listens; undefined before it does. */
  get port(): number | undefined {
    return this.boundPort;
  }

  /** Takes no more requests and answers those in flight. */
  async beforeApplicationShutdown(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => this.server.forceShutdown(), drainMs);
      this.server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  private async export(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): Promise<void> {
    try {
      answer(null, encodeResponse(await this.ingest.ingest(call.request, 'protobuf'), 'protobuf'));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(refusals.internal, undefined, { cause: error });
      const metadata = new Metadata();
      metadata.set('grpc-status-details-bin', encodeStatus(refusal, 'protobuf'));
      answer({ code: refusal.kind.grpcStatus, details: refusal.message, metadata });
    }
  }
}
