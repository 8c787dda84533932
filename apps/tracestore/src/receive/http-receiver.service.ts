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
import { AdmissionService, type Lease } from './admission.service.js';
import type { Encoding } from './encoding.js';
import { type Compression, inflate } from './inflate.js';
import { encodeStatus } from './error-status.js';
import { type ErrorKind, errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { freeMemory, GrowingBytes, readToEnd } from './request-body.js';
import { encodeResponse, TraceIngestService } from './trace-ingest.service.js';

/** Joining it to a base URL often makes a slash too many. That is accepted: after a 404 a client drops its data. */
const path = '/v1/traces';
const pathRouting = { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true } as const;

const contentTypes: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** `zlib` is what a Collector calls deflate when it is told to compress with zlib. */
const contentEncodings: Readonly<Record<string, Compression | 'identity'>> = {
  '': 'identity',
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  zlib: 'deflate',
  zstd: 'zstd',
};

/** How much longer than a body Node waits for a request before it cuts the connection: what was refused is let flow. */
const cutAfterMs = 5_000;

/** Anyone can cause the warning about a refused sender. */
const warnEveryMs = 60_000;

/**
 * OTLP over HTTP: `POST /v1/traces` in protobuf and JSON, plain or compressed. Answers are in the encoding of the
 * request. Bodies are read here rather than by Fastify, as they are counted while they come in.
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
      // What comes on an open connection while the process ends is stored as any other: nobody has to send it again.
      return503OnClosing: false,
      clientErrorHandler: (error, socket) => this.refuseRaw(socket, refusalOfConnection(error)),
      frameworkErrors: (error, request, reply) => void this.refuse(request, reply, this.refusalFor(error)),
    });
    limitConnections(this.server.server, connectionLimitsOf(config));
    this.server.removeAllContentTypeParsers();
    this.server.addContentTypeParser('*', (_request, _body, done) => done(null));
    addAnswerHeaders(this.server);
    this.server.addHook('onRequest', (request, reply, done) => {
      if (!this.checkSender(request, reply)) done();
    });
    // Before the body: one that will be refused needn't be read.
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

  /** @throws Error when the port is taken */
  async onApplicationBootstrap(): Promise<void> {
    const address = await this.server.listen({ host: this.config.host, port: this.config.otlpHttpPort });
    this.logger.log(`OTLP over HTTP at ${address}${path}`);
  }

  /** Where it listens; undefined before it does. */
  get port(): number | undefined {
    const address = this.server.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Drains, takes no more connections and answers those that are open. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.server.close();
  }

  /**
   * Nobody signs in to send spans, so a page of another site must not get here.
   *
   * @returns whether the request was a page's preflight, which is answered now
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
    const lease = this.admission.open(clientOf(request.raw.socket.remoteAddress));
    let body: Buffer<ArrayBuffer> | undefined;
    try {
      body = await this.receive(request, lease);
      const response = await this.ingest.ingest(body, encoding);
      return reply.type(contentTypes[encoding]).send(encodeResponse(response, encoding));
    } finally {
      if (body !== undefined) freeMemory(body);
      lease.release();
    }
  }

  /** The body, inflated. Of what the lease holds in the end, the body is all. */
  private async receive(request: FastifyRequest, lease: Lease): Promise<Buffer<ArrayBuffer>> {
    const { maxRequestBytes, bodyTimeoutMs } = this.config;
    const bytes = new GrowingBytes(lease, maxRequestBytes, announcedBytes(request.raw));
    try {
      await readToEnd(request.raw, (piece) => bytes.append(piece), { timeoutMs: bodyTimeoutMs, lease });
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
      lease,
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

  /** A request of neither encoding is answered in JSON, which people can read. */
  private async refuse(request: FastifyRequest, reply: FastifyReply, refusal: TracestoreError): Promise<FastifyReply> {
    this.metrics.requestRefused(refusal.kind.code);
    // What is left of the body flows into the void, as a sender that is not read may not read either. A connection that
    // is closed with bytes unread would even take the answer with it.
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

  /** Answers what could not be read as a request, in JSON as nothing is known of it. */
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

/** What Fastify refuses before our handler sees it. */
const fastifyErrors: Readonly<Record<string, ErrorKind>> = {
  FST_ERR_BAD_URL: errorKinds.unknownPath,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: errorKinds.wrongContentType,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: errorKinds.undecodable,
};

/** Undefined when nobody is there to be answered. */
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

/** What HTTP wants to be said beside the status. */
function headersOf({ code, status, retryAfterS }: ErrorKind): Readonly<Record<string, string>> {
  return {
    ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
    ...(status === errorKinds.wrongMethod.status && { allow: 'POST' }),
    ...(code === errorKinds.wrongContentEncoding.code && { 'accept-encoding': 'gzip, deflate, zstd' }),
    // The rest of that body is not waited for.
    ...((code === errorKinds.tooSlow.code || code === errorKinds.tooManyPieces.code) && { connection: 'close' }),
  };
}

/** @throws TracestoreError when it is neither of the two that OTLP knows */
function encodingOf(request: FastifyRequest): Encoding {
  const mediaType = mediaTypeOf(request);
  if (mediaType === contentTypes.protobuf) return 'protobuf';
  if (mediaType === contentTypes.json) return 'json';
  throw new TracestoreError(errorKinds.wrongContentType);
}

function mediaTypeOf(request: FastifyRequest): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

/** @throws TracestoreError when it is not known, or more than one: no client of OTLP compresses twice */
function compressionOf(request: FastifyRequest): Compression | 'identity' {
  const name = request.headers['content-encoding']?.trim().toLowerCase() ?? '';
  const compression = Object.hasOwn(contentEncodings, name) ? contentEncodings[name] : undefined;
  if (compression === undefined) throw new TracestoreError(errorKinds.wrongContentEncoding);
  return compression;
}

/** Zero when the body comes in chunks. Node has made sure that it is a number. */
function announcedBytes({ headers }: IncomingMessage): number {
  return headers['content-length'] === undefined ? 0 : Number(headers['content-length']);
}

/** Resolves when all of a body has come, or so much time has passed that nobody waits for the answer. */
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
  const [asked = ''] = request.url.split('?', 1);
  const isPath = `${asked}/`.replaceAll(/\/+/g, '/') === `${path}/`;
  return new TracestoreError(isPath ? errorKinds.wrongMethod : errorKinds.unknownPath);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
