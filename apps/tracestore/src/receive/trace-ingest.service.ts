import { randomBytes, randomInt } from 'node:crypto';
import { create, toBinary, toJson } from '@bufbuild/protobuf';
import { Injectable, Logger } from '@nestjs/common';
import { IngestMetricsService, type IngestProtocol } from '../metrics/ingest-metrics.service.js';
import { TraceWriterService, WriteUnavailableError } from '../write/trace-writer.service.js';
import type { CopyBatch, Outcome } from '../storage/copy-batch.js';
import type { Encoding } from './encoding.js';
import { Dictionaries } from '../transcode/dictionaries.js';
import {
  type ExportTraceServiceResponse,
  ExportTraceServiceResponseSchema,
} from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { JsonDecoder } from '../transcode/json-decoder.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { endIngestSpan, type IngestSpan, startIngestSpan } from '../write/own-spans.js';
import { digestOf } from '../write/request-digest.js';
import { sliceMs } from '../write/sliced-work.js';
import { type SpanErrors, noSpanErrors, Transcoder } from '../transcode/transcoder.js';

/** Smaller requests are transcoded at once, unless that takes longer than `maxAtOnceMs`. */
const maxAtOnceBytes = 1024 * 1024;
const maxAtOnceMs = 20;

/** What became of a request. */
export interface Ingested {
  readonly response: ExportTraceServiceResponse;
  /** Whether it was stored before. */
  readonly isRepeat: boolean;
}

/** Stores a request after a receiver, gRPC or HTTP, has read its bytes. */
@Injectable()
export class TraceIngestService {
  private readonly logger = new Logger(TraceIngestService.name);
  private readonly dictionaries = new Dictionaries();
  private readonly transcoder: Transcoder;
  /** For long requests: each needs a transcoder of its own. */
  private readonly idleTranscoders: Transcoder[] = [];
  private generation = 0;

  constructor(
    private readonly writer: TraceWriterService,
    private readonly metrics: IngestMetricsService,
  ) {
    this.transcoder = this.makeTranscoder();
  }

  /**
   * Stores a request once, also when it is received repeatedly. When this resolves, every span that the response does
   * not count as rejected is committed.
   *
   * @param body the whole message, decompressed and admitted; must not change until this settles
   * @param protocol how it arrived, for metrics and traces
   * @throws TracestoreError, and nothing else; nothing of the request is then stored
   */
  async ingest(body: Buffer, encoding: Encoding, protocol: IngestProtocol): Promise<Ingested> {
    const span = startIngestSpan(body, protocol);
    try {
      return await this.store(body, encoding, protocol, span);
    } catch (error) {
      const refusal = this.refusalFor(error);
      endIngestSpan(span, refusal.kind);
      throw refusal;
    }
  }

  private async store(
    body: Buffer,
    encoding: Encoding,
    protocol: IngestProtocol,
    span: IngestSpan | undefined,
  ): Promise<Ingested> {
    const { work, plan } = this.writer;
    const digest = plan.ledger ? await digestOf(body, work) : randomBytes(8);
    const message = new ReceivedMessage(body, encoding);
    const outcome = await this.writer.write({
      digest,
      byteLength: body.byteLength,
      protocol,
      span,
      fill: (batch) => this.fillAtOnce(message, batch),
      fillSlowly: (batch) => this.fillSlowly(message, batch),
    });
    endIngestSpan(span, outcome);
    const { rejectedSpans, errorMessage, isRepeat = false } = outcome;
    if (errorMessage === '') return { response: create(ExportTraceServiceResponseSchema), isRepeat };
    if (rejectedSpans > 0) this.metrics.spansRejected('bad-span', rejectedSpans);
    this.logger.warn(errorMessage);
    const response = create(ExportTraceServiceResponseSchema, {
      partialSuccess: { rejectedSpans: BigInt(rejectedSpans), errorMessage },
    });
    return { response, isRepeat };
  }

  /** @returns undefined when the request is too large or takes too long; the batch is then unchanged */
  private fillAtOnce(message: ReceivedMessage, batch: CopyBatch): Outcome | undefined {
    if (message.body.length > maxAtOnceBytes || !message.decode(maxAtOnceMs)) return undefined;
    const before = batch.mark();
    const outcome = this.begin(this.transcoder, message, batch).run(maxAtOnceMs);
    if (outcome === undefined) {
      this.transcoder.end();
      batch.rollBack(before);
    }
    return outcome;
  }

  private async fillSlowly(message: ReceivedMessage, batch: CopyBatch): Promise<Outcome> {
    const { work } = this.writer;
    await work.run(() => message.decode(sliceMs) || undefined);
    const transcoder = this.idleTranscoders.pop() ?? this.makeTranscoder();
    try {
      this.begin(transcoder, message, batch);
      return await work.run(() => transcoder.run(sliceMs));
    } finally {
      transcoder.end();
      this.idleTranscoders.push(transcoder);
    }
  }

  private makeTranscoder(): Transcoder {
    return new Transcoder(this.dictionaries, this.writer.plan);
  }

  private begin(transcoder: Transcoder, message: ReceivedMessage, batch: CopyBatch): Transcoder {
    this.forgetOtherDatabase();
    const { protobuf, problems, body } = message;
    transcoder.begin(protobuf, batch, randomInt(2 ** 32) | 0, problems, body.length);
    return transcoder;
  }

  /** Empties the dictionaries' caches when the database may be another one. */
  private forgetOtherDatabase(): void {
    if (this.generation === this.writer.generation) return;
    this.generation = this.writer.generation;
    this.dictionaries.forget();
  }

  private refusalFor(error: unknown): TracestoreError {
    if (error instanceof TracestoreError) return error;
    if (error instanceof WriteUnavailableError) {
      return new TracestoreError({ ...errorKinds.unavailable, title: error.message }, undefined, { cause: error });
    }
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    return new TracestoreError(errorKinds.internal, undefined, { cause: error });
  }
}

/** A request as received, and in protobuf. */
class ReceivedMessage {
  private readonly decoder: JsonDecoder | undefined;
  private isDecoded: boolean;

  /** @throws TracestoreError when the body is too large */
  constructor(
    readonly body: Buffer,
    encoding: Encoding,
  ) {
    this.decoder = encoding === 'json' ? new JsonDecoder(body) : undefined;
    this.isDecoded = this.decoder === undefined;
  }

  /**
   * Continues decoding.
   *
   * @returns whether the request is decoded
   * @throws TracestoreError when the body is not a request
   */
  decode(budgetMs: number): boolean {
    this.isDecoded ||= this.decoder?.run(budgetMs) === true;
    return this.isDecoded;
  }

  get protobuf(): Buffer {
    return this.decoder?.protobuf ?? this.body;
  }

  /** Errors of spans that the JSON decoder replaced by empty ones. */
  get problems(): SpanErrors {
    return this.decoder?.problems ?? noSpanErrors;
  }
}

/** The usual response: success without `partial_success`. */
const plainSuccess: Readonly<Record<Encoding, Buffer>> = { protobuf: Buffer.alloc(0), json: Buffer.from('{}') };

/** Encodes a response like its request. The bytes may be shared: do not modify them. */
export function encodeResponse(response: ExportTraceServiceResponse, encoding: Encoding): Buffer {
  if (response.partialSuccess === undefined) return plainSuccess[encoding];
  return encoding === 'json'
    ? Buffer.from(JSON.stringify(toJson(ExportTraceServiceResponseSchema, response)))
    : Buffer.from(toBinary(ExportTraceServiceResponseSchema, response));
}
