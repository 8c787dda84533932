/**
 * TraceService/Export over gRPC. libs/grpc/src/grpc-wire.ts describes the wire format.
 *
 * Bytes are counted as they arrive. An announced length that is too large is refused before the message arrives, and
 * decompression is bounded. A message that cannot be read never gets INTERNAL: clients drop their data after that.
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
import { AdmissionService, type Reservation } from './admission.service.js';
import { TraceService } from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { type Compression, inflate } from './inflate.js';
import { encodeStatus } from './error-status.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { freeMemory, GrowingBytes, readToEnd } from './request-body.js';
import { encodeResponse, TraceIngestService } from './trace-ingest.service.js';

const { parent, name } = TraceService.method.export;
const path = `/${parent.typeName}/${name}`;

/** Handles unary calls of `TraceService/Export`, plain or compressed, on any of the gRPC servers. */
@Injectable()
export class GrpcExportService {
  private readonly logger = new Logger(GrpcExportService.name);

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    private readonly admission: AdmissionService,
    private readonly metrics: IngestMetricsService,
    private readonly ingest: TraceIngestService,
  ) {}

  /** Handles one call. Never rejects: the stream always gets a response. */
  async export(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    this.metrics.requestReceived('grpc');
    let reservation: Reservation | undefined;
    let message: Buffer<ArrayBuffer> | undefined;
    try {
      if (!isGrpc(headers)) {
        answerWithoutGrpc(stream);
        return;
      }
      if (headers[constants.HTTP2_HEADER_PATH] !== path) throw new TracestoreError(errorKinds.unknownRpc);
      reservation = this.admission.open(clientOfStream(stream));
      message = await this.receive(stream, headers, reservation);
      const { response } = await this.ingest.ingest(message, 'protobuf', 'grpc');
      answer(stream, encodeResponse(response, 'protobuf'));
    } catch (error) {
      const refusal = this.refusalFor(error);
      this.metrics.requestRefused(refusal.kind.code);
      answerRefusal(stream, refusal);
    } finally {
      if (message !== undefined) freeMemory(message);
      reservation?.release();
    }
  }

  /** Reads and decompresses the message. Afterwards the reservation holds only the message. */
  private async receive(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    reservation: Reservation,
  ): Promise<Buffer<ArrayBuffer>> {
    const { maxRequestBytes, bodyTimeoutMs } = this.config;
    const received = new ReceivedMessage(reservation, maxRequestBytes, () => compressionOf(headers));
    try {
      await readToEnd(stream, (piece) => received.append(piece), {
        timeoutMs: bodyTimeoutMs,
        reservation,
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
    const message = await inflate(bytes.view(), compression, maxRequestBytes, reservation, clientOfStream(stream));
    bytes.free();
    return message;
  }

  private refusalFor(error: unknown): TracestoreError {
    if (error instanceof TracestoreError) return error;
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    return new TracestoreError(errorKinds.internal, undefined, { cause: error });
  }
}

/** The message of a unary call while it arrives. */
class ReceivedMessage {
  private readonly prefix = Buffer.alloc(prefixBytes);
  private prefixLength = 0;
  private announcedBytes: number | undefined;

  /** The bytes received so far, without the prefix. */
  bytes: GrowingBytes;
  compression: Compression | 'identity' = 'identity';

  constructor(
    private readonly reservation: Reservation,
    private readonly maxBytes: number,
    private readonly compressionIfCompressed: () => Compression,
  ) {
    this.bytes = new GrowingBytes(reservation, maxBytes);
  }

  /** @throws TracestoreError as soon as the message is known to be invalid or too large */
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

  /** @throws TracestoreError when the message is incomplete */
  check(): void {
    if (this.bytes.length !== this.announcedBytes)
      throw new TracestoreError(errorKinds.undecodable, 'the message ends before its announced length');
  }

  private begin(): number {
    const flag = this.prefix.readUInt8(0);
    if (flag > 1) throw new TracestoreError(errorKinds.undecodable, `the compressed flag is ${flag}`);
    if (flag === 1) this.compression = this.compressionIfCompressed();
    const announcedBytes = this.prefix.readUInt32BE(1);
    this.bytes = new GrowingBytes(this.reservation, this.maxBytes, announcedBytes);
    return announcedBytes;
  }
}

/** @throws TracestoreError when the encoding is missing or not supported */
function compressionOf(headers: IncomingHttpHeaders): Compression {
  const name = headers['grpc-encoding'];
  if (name === 'gzip' || name === 'deflate' || name === 'zstd') return name;
  if (name === undefined || name === 'identity') {
    throw new TracestoreError(errorKinds.undecodable, 'the message is compressed, but grpc-encoding is missing');
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
