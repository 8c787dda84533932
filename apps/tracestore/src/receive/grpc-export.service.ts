/**
 * TraceService/Export over gRPC (libs/grpc/src/grpc-wire.ts has the wire format). What this does beside answering a call like
 * any other is that it sees the bytes as they come: it counts them, refuses an announced length that is too large before
 * the message is there, inflates within bounds, and answers what is wrong with a message as OTLP wants it: never INTERNAL, after which a
 * client gives up the data.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  answerHeaders,
  answerWithoutGrpc,
  calmDown,
  clientOfStream,
  closeUnread,
  frameOf,
  grpcStatus,
  isAnswered,
  isGrpc,
  prefixBytes,
  refuse,
  statusHeaders,
} from '@spandrel/grpc';
import { limits } from '../limits.js';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { AdmissionService, type Lease } from './admission.service.js';
import { TraceService } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { type Compression, inflate } from './inflate.js';
import { encodeStatus } from './error-status.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { freeMemory, GrowingBytes, readToEnd } from './request-body.js';
import { encodeResponse, TraceIngestService } from './trace-ingest.service.js';

const { parent, name } = TraceService.method.export;
const path = `/${parent.typeName}/${name}`;

/** Unary calls of `TraceService/Export`, plain or compressed, whichever server they come to. */
@Injectable()
export class GrpcExportService {
  private readonly logger = new Logger(GrpcExportService.name);

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    private readonly admission: AdmissionService,
    private readonly metrics: IngestMetricsService,
    private readonly ingest: TraceIngestService,
  ) {}

  /** Answers in any case. */
  async export(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    this.metrics.requestReceived('grpc');
    let lease: Lease | undefined;
    let message: Buffer<ArrayBuffer> | undefined;
    try {
      if (!isGrpc(headers)) {
        answerWithoutGrpc(stream);
        return;
      }
      if (headers[constants.HTTP2_HEADER_PATH] !== path) throw new TracestoreError(errorKinds.unknownRpc);
      lease = this.admission.open(clientOfStream(stream));
      message = await this.receive(stream, headers, lease);
      answer(stream, encodeResponse(await this.ingest.ingest(message, 'protobuf'), 'protobuf'));
    } catch (error) {
      const refusal = this.refusalFor(error);
      this.metrics.requestRefused(refusal.kind.code);
      answerRefusal(stream, refusal);
    } finally {
      if (message !== undefined) freeMemory(message);
      lease?.release();
    }
  }

  /** The message, inflated. Of what the lease holds in the end, the message is all. */
  private async receive(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    lease: Lease,
  ): Promise<Buffer<ArrayBuffer>> {
    const { maxRequestBytes, bodyTimeoutMs } = this.config;
    const received = new ReceivedMessage(lease, maxRequestBytes, () => compressionOf(headers));
    try {
      await readToEnd(stream, (piece) => received.append(piece), {
        timeoutMs: bodyTimeoutMs,
        lease,
        onFlood: () => calmDown(stream),
      });
      received.check();
    } catch (error) {
      received.bytes.free();
      throw error;
    } finally {
      this.metrics.bytesReceived('grpc', received.bytes.length);
    }
    const { bytes, compression } = received;
    if (compression === 'identity') return bytes.take();
    const message = await inflate(bytes.view(), compression, maxRequestBytes, lease, clientOfStream(stream));
    bytes.free();
    return message;
  }

  private refusalFor(error: unknown): TracestoreError {
    if (error instanceof TracestoreError) return error;
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    return new TracestoreError(errorKinds.internal, undefined, { cause: error });
  }
}

/** The one message of a unary call, while it comes in. */
class ReceivedMessage {
  private readonly prefix = Buffer.alloc(prefixBytes);
  private prefixLength = 0;
  private announcedBytes: number | undefined;

  /** What there is of the message, without its prefix. */
  bytes: GrowingBytes;
  compression: Compression | 'identity' = 'identity';

  constructor(
    private readonly lease: Lease,
    private readonly maxBytes: number,
    private readonly compressionIfCompressed: () => Compression,
  ) {
    this.bytes = new GrowingBytes(lease, maxBytes);
  }

  /** @throws TracestoreError as soon as it is clear that it will be refused */
  append(piece: Buffer): void {
    let rest = piece;
    if (this.announcedBytes === undefined) {
      const part = rest.subarray(0, prefixBytes - this.prefixLength);
      this.prefix.set(part, this.prefixLength);
      this.prefixLength += part.length;
      if (this.prefixLength < prefixBytes) return;
      this.announcedBytes = this.begin();
      rest = rest.subarray(part.length);
    }
    if (this.bytes.length + rest.length > this.announcedBytes) {
      throw new TracestoreError(errorKinds.undecodable, 'more than one message');
    }
    this.bytes.append(rest);
  }

  /** @throws TracestoreError when the message is not whole */
  check(): void {
    if (this.bytes.length !== this.announcedBytes)
      throw new TracestoreError(errorKinds.undecodable, 'the message is cut off');
  }

  private begin(): number {
    const flag = this.prefix.readUInt8(0);
    if (flag > 1) throw new TracestoreError(errorKinds.undecodable, `the compressed flag is ${flag}`);
    if (flag === 1) this.compression = this.compressionIfCompressed();
    const announcedBytes = this.prefix.readUInt32BE(1);
    this.bytes = new GrowingBytes(this.lease, this.maxBytes, announcedBytes);
    return announcedBytes;
  }
}

/** @throws TracestoreError when it is not known, or a message is compressed without saying how */
function compressionOf(headers: IncomingHttpHeaders): Compression {
  const name = headers['grpc-encoding'];
  if (name === 'gzip' || name === 'deflate' || name === 'zstd') return name;
  if (name === undefined || name === 'identity') {
    throw new TracestoreError(errorKinds.undecodable, 'a message is compressed, but grpc-encoding does not say how');
  }
  throw new TracestoreError(errorKinds.wrongContentEncoding);
}

function answer(stream: ServerHttp2Stream, message: Buffer): void {
  if (isAnswered(stream)) return;
  stream.respond(answerHeaders, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(statusHeaders(grpcStatus.OK)));
  stream.end(frameOf(message));
  closeUnread(stream, limits.answerStallMs.value);
}

function answerRefusal(stream: ServerHttp2Stream, refusal: TracestoreError): void {
  refuse(stream, {
    ...statusHeaders(refusal.kind.grpcStatus, refusal.message),
    'grpc-status-details-bin': encodeStatus(refusal, 'protobuf').toString('base64'),
  });
}
