import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { drainConnectionsOnClose } from '@spandrel/service';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import type { Encoding } from './decode.js';
import { encodeStatus } from './refusal-status.js';
import { Refusal, type RefusalKind, refusals } from './refusal.js';
import { encodeResponse, TraceIngestService } from './trace-ingest.service.js';

const inflate = promisify(gunzip);

const path = '/v1/traces';

const contentTypes: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** Twice as fast as the default of 16 KiB with requests of the size that Collectors send. */
const inflateChunkBytes = 512 * 1024;

/** OTLP over HTTP: `POST /v1/traces` in protobuf and JSON, plain or gzip. Answers are in the encoding of the request. */
@Injectable()
export class HttpReceiverService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(HttpReceiverService.name);
  private readonly server: FastifyInstance;

  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    @Inject(TraceIngestService) private readonly ingest: TraceIngestService,
  ) {
    this.server = fastify({ bodyLimit: config.maxRequestBytes });
    this.server.removeAllContentTypeParsers();
    for (const contentType of Object.values(contentTypes)) {
      this.server.addContentTypeParser(contentType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    }
    // Before the body: one that will be refused needn't be read.
    this.server.addHook('onRequest', (request, _reply, done) => {
      if (!request.is404) {
        encodingOf(request);
        isGzip(request);
      }
      done();
    });
    drainConnectionsOnClose(this.server);
    this.server.post(path, async (request, reply) => this.export(request, reply));
    this.server.setNotFoundHandler((request, reply) => refuse(request, reply, notFound(request)));
    this.server.setErrorHandler((error, request, reply) => refuse(request, reply, this.refusalFor(error)));
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

  /** Takes no more requests and answers those in flight. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.server.close();
  }

  private async export(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const encoding = encodingOf(request);
    const received = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const body = isGzip(request) ? await this.decompress(received) : received;
    const response = await this.ingest.ingest(body, encoding);
    return reply.type(contentTypes[encoding]).send(encodeResponse(response, encoding));
  }

  /** Stops as soon as the result is above the limit, however little its source takes. */
  private async decompress(compressed: Buffer): Promise<Buffer> {
    try {
      return await inflate(compressed, { maxOutputLength: this.config.maxRequestBytes, chunkSize: inflateChunkBytes });
    } catch (cause) {
      const tooLarge = codeOf(cause) === 'ERR_BUFFER_TOO_LARGE';
      throw new Refusal(tooLarge ? refusals.tooLarge : refusals.undecodable, tooLarge ? 'decompressed' : 'no gzip', {
        cause,
      });
    }
  }

  private refusalFor(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    const kind = fastifyErrors[codeOf(error) ?? ''];
    if (kind !== undefined) return new Refusal(kind, undefined, { cause: error });
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    return new Refusal(refusals.internal, undefined, { cause: error });
  }
}

/** What Fastify refuses before our handler sees it. */
const fastifyErrors: Readonly<Record<string, RefusalKind>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: refusals.tooLarge,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: refusals.wrongContentType,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: refusals.undecodable,
};

/** @throws Refusal when it is neither of the two that OTLP knows */
function encodingOf(request: FastifyRequest): Encoding {
  const contentType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (contentType === contentTypes.protobuf) return 'protobuf';
  if (contentType === contentTypes.json) return 'json';
  throw new Refusal(refusals.wrongContentType);
}

/** @throws Refusal when it is neither gzip nor plain */
function isGzip(request: FastifyRequest): boolean {
  const contentEncoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (contentEncoding === 'gzip' || contentEncoding === 'identity' || contentEncoding === '')
    return contentEncoding === 'gzip';
  throw new Refusal(refusals.wrongContentEncoding);
}

function notFound(request: FastifyRequest): Refusal {
  return new Refusal(request.url.split('?', 1)[0] === path ? refusals.wrongMethod : refusals.unknownPath);
}

/** A request of neither encoding is answered in JSON, which people can read. */
function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const encoding = request.headers['content-type']?.startsWith(contentTypes.protobuf) === true ? 'protobuf' : 'json';
  const { httpStatus, retryAfterSeconds } = refusal.kind;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (httpStatus === refusals.wrongMethod.httpStatus) reply.header('allow', 'POST');
  return reply.status(httpStatus).type(contentTypes[encoding]).send(encodeStatus(refusal, encoding));
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
