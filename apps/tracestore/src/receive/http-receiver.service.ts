import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  addAnswerHeaders,
  answerHeaders,
  checkingIntervalMs,
  clientOf,
  ConnectionTable,
  Draining,
  drainConnectionsOnClose,
  limitConnections,
} from '@spandrel/service';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import {
  type CrossOriginPolicy,
  requireHost,
  requireOwnSite,
  shareWithAllowedOrigins,
} from '../access/request-checks.js';
import { limits } from '../limits.js';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { connectionLimitsOf } from '../config/server-limits.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { AdmissionService, type Reservation } from './admission.service.js';
import type { Encoding } from './encoding.js';
import { type Compression, inflate } from './inflate.js';
import { encodeStatus } from './error-status.js';
import { type ErrorKind, errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { freeMemory, GrowingBytes, readToEnd } from './request-body.js';
import { encodeResponse, TraceIngestService } from './trace-ingest.service.js';

/** Joining it to a base URL often adds a slash. That is accepted, because clients drop their data after a 404. */
const path = '/v1/traces';
const pathRouting = { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true } as const;

const contentTypes: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** The response to a request that was stored before has this header. */
const repeatHeader = 'tracestore-stored-before';

/** A Collector with `compression: zlib` sends `zlib` for what HTTP calls deflate. */
const contentEncodings: Readonly<Record<string, Compression | 'identity'>> = {
  '': 'identity',
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  zlib: 'deflate',
  zstd: 'zstd',
};

/** Added to the time-out of a body before Node closes the connection, so that a refused body can be discarded. */
const cutAfterMs = 5_000;

/** Limits the warning about a refused sender, which any client can cause. */
const warnEveryMs = 60_000;

/**
 * OTLP over HTTP: `POST /v1/traces` in protobuf and JSON, plain or compressed. A response has the encoding of its
 * request. Bodies are read here instead of by Fastify, because their bytes are counted as they arrive.
 */
@Injectable()
export class HttpReceiverService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(HttpReceiverService.name);
  private readonly server: FastifyInstance;
  private readonly policy: CrossOriginPolicy;
  private warnedAtMs = -Infinity;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    private readonly admission: AdmissionService,
    private readonly metrics: IngestMetricsService,
    private readonly ingest: TraceIngestService,
    draining: Draining,
  ) {
    this.policy = { origins: config.access.otlpOrigins, methods: ['POST'], credentials: true };
    this.server = fastify({
      routerOptions: pathRouting,
      requestTimeout: config.bodyTimeoutMs + cutAfterMs,
      keepAliveTimeout: limits.keepAliveMs.value,
      http: {
        headersTimeout: Math.min(config.bodyTimeoutMs, limits.headersMs.value),
        connectionsCheckingInterval: checkingIntervalMs,
      },
      // Requests on an open connection are stored while the process shuts down, so clients need not retry them.
      return503OnClosing: false,
      clientErrorHandler: (error, socket) => this.refuseRaw(socket, refusalOfConnection(error)),
      frameworkErrors: (error, request, reply) => void this.refuse(request, reply, this.refusalFor(error)),
    });
    limitConnections(this.server.server, new ConnectionTable(connectionLimitsOf(config)));
    this.server.removeAllContentTypeParsers();
    this.server.addContentTypeParser('*', (_request, _body, done) => done(null));
    addAnswerHeaders(this.server);
    this.server.addHook('onRequest', (request, reply, done) => {
      if (!this.checkSender(request, reply)) done();
    });
    // Before the body is read, because a refused request needs no body.
    this.server.addHook('onRequest', (request, _reply, done) => {
      if (!request.is404) {
        encodingOf(request);
        compressionOf(request);
      }
      done();
    });
    drainConnectionsOnClose(this.server, draining);
    this.server.post(path, async (request, reply) => this.export(request, reply));
    this.server.setNotFoundHandler((request, reply) => this.refuse(request, reply, notFound(request)));
    this.server.setErrorHandler((error, request, reply) => this.refuse(request, reply, this.refusalFor(error)));
  }

  /** @throws Error when the port is in use */
  async onApplicationBootstrap(): Promise<void> {
    const address = await this.server.listen({ host: this.config.host, port: this.config.otlpHttpPort });
    this.logger.log(`OTLP over HTTP at ${address}${path}`);
  }

  /** The port; undefined before the server listens. */
  get port(): number | undefined {
    const address = this.server.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Drains, refuses new connections and completes the requests of open ones. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.server.close();
  }

  /**
   * Refuses requests of web pages from other sites: sending spans needs no authentication.
   *
   * @returns whether the request was a CORS preflight, which has then been answered
   * @throws TracestoreError
   */
  private checkSender(request: FastifyRequest, reply: FastifyReply): boolean {
    try {
      const authority = requireHost(request, this.config.access.hosts);
      if (shareWithAllowedOrigins(request, reply, this.policy)) return true;
      requireOwnSite(request, authority, this.policy, false);
      return false;
    } catch (error) {
      const nowMs = performance.now();
      if (nowMs - this.warnedAtMs > warnEveryMs) {
        this.warnedAtMs = nowMs;
        this.logger.warn(`A request was rejected, and its sender discards the spans. ${String(error)}`);
      }
      throw error;
    }
  }

  private async export(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    this.metrics.requestReceived('http');
    const encoding = encodingOf(request);
    const reservation = this.admission.open(clientOf(request.raw.socket.remoteAddress));
    let body: Buffer<ArrayBuffer> | undefined;
    try {
      body = await this.receive(request, reservation);
      const { response, isRepeat } = await this.ingest.ingest(body, encoding, 'http');
      if (isRepeat) void reply.header(repeatHeader, 'true');
      return reply.type(contentTypes[encoding]).send(encodeResponse(response, encoding));
    } finally {
      if (body !== undefined) freeMemory(body);
      reservation.release();
    }
  }

  /** Reads and decompresses the body. Afterwards the reservation holds only the body. */
  private async receive(request: FastifyRequest, reservation: Reservation): Promise<Buffer<ArrayBuffer>> {
    const { maxRequestBytes, bodyTimeoutMs } = this.config;
    const bytes = new GrowingBytes(reservation, maxRequestBytes, announcedBytes(request.raw));
    try {
      await readToEnd(request.raw, (piece) => bytes.append(piece), { timeoutMs: bodyTimeoutMs, reservation });
    } catch (error) {
      bytes.free();
      throw error;
    } finally {
      this.metrics.bytesReceived('http', bytes.length);
    }
    const compression = compressionOf(request);
    if (compression === 'identity') return bytes.take();
    const body = await inflate(
      bytes.view(),
      compression,
      maxRequestBytes,
      reservation,
      clientOf(request.raw.socket.remoteAddress),
    );
    bytes.free();
    return body;
  }

  private refusalFor(error: unknown): TracestoreError {
    if (error instanceof TracestoreError) return error;
    const kind = fastifyErrors[codeOf(error) ?? ''];
    if (kind !== undefined) return new TracestoreError(kind, undefined, { cause: error });
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    return new TracestoreError(errorKinds.internal, undefined, { cause: error });
  }

  /** Answers in the encoding of the request, or in JSON when it has neither. */
  private async refuse(request: FastifyRequest, reply: FastifyReply, refusal: TracestoreError): Promise<FastifyReply> {
    this.metrics.requestRefused(refusal.kind.code);
    // Read and discard the rest of the body: a sender may not read the response while it sends, and closing a connection
    // with unread bytes resets it, so that the response is lost.
    request.raw.resume();
    if (request.headers.connection?.toLowerCase() === 'close') await endOf(request.raw);
    const encoding = mediaTypeOf(request) === contentTypes.protobuf ? 'protobuf' : 'json';
    return reply
      .status(refusal.kind.status)
      .headers(answerHeaders)
      .headers(headersOf(refusal.kind))
      .type(contentTypes[encoding])
      .send(encodeStatus(refusal, encoding));
  }

  /** Answers bytes that are not an HTTP request. The response is JSON, because the encoding is unknown. */
  private refuseRaw(socket: Socket, refusal: TracestoreError | undefined): void {
    if (refusal !== undefined && socket.writable) {
      this.metrics.requestRefused(refusal.kind.code);
      const body = encodeStatus(refusal, 'json');
      const headers = {
        ...answerHeaders,
        ...headersOf(refusal.kind),
        'content-type': contentTypes.json,
        'content-length': body.length,
      };
      const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
      socket.write(`HTTP/1.1 ${refusal.kind.status} ${refusal.kind.code}\r\n${lines.join('\r\n')}\r\n\r\n`);
      socket.end(body);
    }
    socket.destroySoon();
  }
}

/** Requests that Fastify refuses before the handler. */
const fastifyErrors: Readonly<Record<string, ErrorKind>> = {
  FST_ERR_BAD_URL: errorKinds.unknownPath,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: errorKinds.wrongContentType,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: errorKinds.undecodable,
};

/** @returns undefined when the connection is lost, so that no response can be sent */
function refusalOfConnection(error: Error): TracestoreError | undefined {
  switch (codeOf(error)) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new TracestoreError(errorKinds.tooSlow);
    case 'HPE_HEADER_OVERFLOW':
      return new TracestoreError(errorKinds.headersTooLarge);
    default:
      return new TracestoreError(errorKinds.undecodable, error.message, { cause: error });
  }
}

/** The headers that HTTP requires for some statuses. */
function headersOf({ code, status, retryAfterS }: ErrorKind): Readonly<Record<string, string>> {
  return {
    ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
    ...(status === errorKinds.wrongMethod.status && { allow: 'POST' }),
    ...(code === errorKinds.wrongContentEncoding.code && { 'accept-encoding': 'gzip, deflate, zstd' }),
    // The rest of the body is not read.
    ...((code === errorKinds.tooSlow.code || code === errorKinds.tooManyPieces.code) && { connection: 'close' }),
  };
}

/** @throws TracestoreError when the content type is neither of the two that OTLP defines */
function encodingOf(request: FastifyRequest): Encoding {
  const mediaType = mediaTypeOf(request);
  if (mediaType === contentTypes.protobuf) return 'protobuf';
  if (mediaType === contentTypes.json) return 'json';
  throw new TracestoreError(errorKinds.wrongContentType);
}

function mediaTypeOf(request: FastifyRequest): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

/** @throws TracestoreError when the encoding is not supported, or there is more than one */
function compressionOf(request: FastifyRequest): Compression | 'identity' {
  const name = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  const compression = Object.hasOwn(contentEncodings, name) ? contentEncodings[name] : undefined;
  if (compression === undefined) throw new TracestoreError(errorKinds.wrongContentEncoding);
  return compression;
}

/** The Content-Length, which Node has validated; 0 for a chunked body. */
function announcedBytes({ headers }: IncomingMessage): number {
  return headers['content-length'] === undefined ? 0 : Number(headers['content-length']);
}

/** Resolves when the whole body has arrived, or after `cutAfterMs`. */
async function endOf(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, cutAfterMs);
    request.once('end', done).once('close', done);
  });
}

function notFound(request: FastifyRequest): TracestoreError {
  const [requested = ''] = request.url.split('?', 1);
  const isPath = `${requested}/`.replaceAll(/\/+/g, '/') === `${path}/`;
  return new TracestoreError(isPath ? errorKinds.wrongMethod : errorKinds.unknownPath);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
