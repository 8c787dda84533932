/**
 * OTLP over gRPC, on Node's HTTP/2 (gRPC over HTTP/2, "PROTOCOL-HTTP2"). A call is a stream:
 *
 *     → HEADERS  :method POST, :path /<service>/<method>, content-type application/grpc, grpc-encoding
 *     → DATA     compressed 1 byte (0 or 1) · length 4 bytes, big-endian · message; in frames that are cut anywhere
 *     ← HEADERS  :status 200 · DATA, the same way · HEADERS grpc-status, grpc-message (the trailers)
 *
 * A refusal is trailers alone. What this server adds to a library's is that it sees the bytes as they come: it counts
 * them, refuses by the announced length before the message is there, inflates within bounds, and answers what is wrong
 * with a message as OTLP wants it: never INTERNAL, after which a client gives up the data.
 */
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { drainMs } from '@spandrel/service';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import { AdmissionService, type Lease } from './admission.service.js';
import { type Compression, inflate } from './inflate.js';
import { encodeStatus } from './refusal-status.js';
import { Refusal, refusals } from './refusal.js';
import { freeMemory, GrowingBytes, readToEnd } from './request-body.js';
import { encodeResponse, TraceIngestService } from './trace-ingest.service.js';

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

const prefixBytes = 5;

/** How much a sender may send ahead on a stream and on a connection: a request of usual size, and several of them. */
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 8 * 1024 * 1024;

const maxStreamsPerSession = 128;

/** As much as Node's HTTP/1 takes. */
const maxHeaderBytes = 16 * 1024;

/** Room for the headers of all streams: without it Node resets streams, after which clients give up their data. */
const maxSessionMegabytes = 64;

/** A connection that is unused for so long is closed, as clients open another when they need it. */
const sessionIdleMs = 600_000;

const keepAliveMs = 30_000;

const acceptedEncodings = 'identity,gzip,deflate,zstd';

const answerHeaders: OutgoingHttpHeaders = {
  [constants.HTTP2_HEADER_STATUS]: 200,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
};

const okTrailers: OutgoingHttpHeaders = { 'grpc-status': '0' };

/** OTLP over gRPC: unary calls of `TraceService/Export`, plain or compressed. */
@Injectable()
export class GrpcReceiverService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(GrpcReceiverService.name);
  private readonly server: Http2Server;
  private readonly sessions = new Set<ServerHttp2Session>();

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    @Inject(AdmissionService) private readonly admission: AdmissionService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
    @Inject(TraceIngestService) private readonly ingest: TraceIngestService,
  ) {
    this.server = createServer({
      settings: {
        initialWindowSize: streamWindowBytes,
        maxConcurrentStreams: maxStreamsPerSession,
        maxHeaderListSize: maxHeaderBytes,
      },
      maxSessionMemory: maxSessionMegabytes,
    });
    this.server.maxConnections = config.maxConnections;
    this.server.on('connection', (socket) => socket.setNoDelay(true).setKeepAlive(true, keepAliveMs));
    this.server.on('session', (session) => this.welcome(session));
    this.server.on('stream', (stream, headers) => void this.export(stream, headers));
  }

  /** @throws Error when the port is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { host, otlpGrpcPort } = this.config;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(otlpGrpcPort, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    this.logger.log(`OTLP over gRPC at ${host.includes(':') ? `[${host}]` : host}:${this.port}`);
  }

  /** Where it listens; undefined before it does. */
  get port(): number | undefined {
    const address = this.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Takes no more requests and answers those in flight. */
  async beforeApplicationShutdown(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const session of this.sessions) session.close();
    const cut = setTimeout(() => {
      for (const session of this.sessions) session.destroy();
    }, drainMs);
    await closed;
    clearTimeout(cut);
  }

  private welcome(session: ServerHttp2Session): void {
    this.sessions.add(session);
    session.on('close', () => this.sessions.delete(session));
    // Of a connection that breaks the streams are told, and those who wait for them.
    session.on('error', () => undefined);
    session.setTimeout(sessionIdleMs, () => session.close());
    session.setLocalWindowSize(sessionWindowBytes);
  }

  /** Answers in any case. */
  private async export(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    this.metrics.requestReceived('grpc');
    let lease: Lease | undefined;
    let message: Buffer<ArrayBuffer> | undefined;
    try {
      if (!isGrpc(headers)) {
        answerWithoutGrpc(stream);
        return;
      }
      if (headers[constants.HTTP2_HEADER_PATH] !== path) throw new Refusal(refusals.unknownRpc);
      lease = this.admission.open();
      message = await this.receive(stream, headers, lease);
      answer(stream, encodeResponse(await this.ingest.ingest(message, 'protobuf'), 'protobuf'));
    } catch (error) {
      const refusal = this.refusalFor(error);
      this.metrics.requestRefused(refusal.kind.code);
      refuse(stream, refusal);
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
      await readToEnd(stream, (piece) => received.append(piece), bodyTimeoutMs);
      received.check();
    } catch (error) {
      received.bytes.free();
      throw error;
    } finally {
      this.metrics.bytesReceived('grpc', received.bytes.length);
    }
    const { bytes, compression } = received;
    if (compression === 'identity') return bytes.take();
    const message = await inflate(bytes.view(), compression, maxRequestBytes, lease);
    bytes.free();
    return message;
  }

  private refusalFor(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    return new Refusal(refusals.internal, undefined, { cause: error });
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

  /** @throws Refusal as soon as it is clear that it will be refused */
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
      throw new Refusal(refusals.undecodable, 'more than one message');
    }
    this.bytes.append(rest);
  }

  /** @throws Refusal when the message is not whole */
  check(): void {
    if (this.bytes.length !== this.announcedBytes) throw new Refusal(refusals.undecodable, 'the message is cut off');
  }

  private begin(): number {
    const flag = this.prefix.readUInt8(0);
    if (flag > 1) throw new Refusal(refusals.undecodable, `the compressed flag is ${flag}`);
    if (flag === 1) this.compression = this.compressionIfCompressed();
    const announcedBytes = this.prefix.readUInt32BE(1);
    this.bytes = new GrowingBytes(this.lease, this.maxBytes, announcedBytes);
    return announcedBytes;
  }
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  return (
    headers[constants.HTTP2_HEADER_METHOD] === 'POST' &&
    /^application\/grpc(?:\+proto)?(?:;|$)/.test(headers['content-type'] ?? '')
  );
}

/** @throws Refusal when it is not known, or a message is compressed without saying how */
function compressionOf(headers: IncomingHttpHeaders): Compression {
  const name = headers['grpc-encoding'];
  if (name === 'gzip' || name === 'deflate' || name === 'zstd') return name;
  if (name === undefined || name === 'identity') {
    throw new Refusal(refusals.undecodable, 'a message is compressed, but grpc-encoding does not say how');
  }
  throw new Refusal(refusals.wrongContentEncoding);
}

function answer(stream: ServerHttp2Stream, message: Buffer): void {
  if (isGone(stream)) return;
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  stream.respond(answerHeaders, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(okTrailers));
  stream.end(frame);
}

function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  if (isGone(stream)) return;
  stream.respond(
    {
      ...answerHeaders,
      'grpc-status': String(refusal.kind.grpcStatus),
      'grpc-message': encodeURI(refusal.message.toWellFormed()),
      'grpc-status-details-bin': encodeStatus(refusal, 'protobuf').toString('base64'),
    },
    { endStream: true },
  );
  endEarly(stream);
}

/** To whoever doesn't speak gRPC, in HTTP (PROTOCOL-HTTP2, "Requests"). */
function answerWithoutGrpc(stream: ServerHttp2Stream): void {
  stream.on('error', () => undefined);
  stream.respond({ [constants.HTTP2_HEADER_STATUS]: 415 }, { endStream: true });
  endEarly(stream);
}

/** The answer is whole, and what is left of the request is neither wanted nor waited for (RFC 9113, 8.1). */
function endEarly(stream: ServerHttp2Stream): void {
  stream.resume();
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed || stream.headersSent;
}
