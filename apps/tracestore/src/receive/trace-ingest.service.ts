import { randomBytes, randomInt } from 'node:crypto';
import { create, toBinary, toJson } from '@bufbuild/protobuf';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TraceWriterService, WriteUnavailableError } from '../write/trace-writer.service.js';
import type { CopyBatch, Outcome } from '../storage/copy-batch.js';
import type { Encoding } from './encoding.js';
import { Dictionaries } from '../transcode/dictionaries.js';
import {
  type ExportTraceServiceResponse,
  ExportTraceServiceResponseSchema,
} from '../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { JsonDecoder } from '../transcode/json-decoder.js';
import { Refusal, refusals } from '../errors/refusal.js';
import { digestOf } from '../write/request-digest.js';
import { sliceMs } from '../write/sliced-work.js';
import { type KnownProblems, noProblems, Transcoder } from '../transcode/transcoder.js';

/** Requests of up to so many bytes are transcoded at once, if that takes no longer than `maxAtOnceMs`. */
const maxAtOnceBytes = 1024 * 1024;
const maxAtOnceMs = 20;

/** What both receivers do with a request once they have its bytes. */
@Injectable()
export class TraceIngestService {
  private readonly logger = new Logger(TraceIngestService.name);
  private readonly dictionaries = new Dictionaries();
  private readonly transcoder: Transcoder;
  /** For requests that take long, each of which needs one for itself. */
  private readonly idleTranscoders: Transcoder[] = [];
  private generation = 0;

  constructor(
    @Inject(TraceWriterService) private readonly writer: TraceWriterService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
  ) {
    this.transcoder = this.makeTranscoder();
  }

  /**
   * Stores a request, once, however often it comes. When this resolves, every span that isn't counted as rejected is
   * committed.
   *
   * @param body the whole message, decompressed and admitted; must stay as it is until this settles
   * @throws Refusal, and nothing else; then nothing of the request is stored
   */
  async ingest(body: Buffer, encoding: Encoding): Promise<ExportTraceServiceResponse> {
    try {
      return await this.store(body, encoding);
    } catch (error) {
      throw this.refusalFor(error);
    }
  }

  private async store(body: Buffer, encoding: Encoding): Promise<ExportTraceServiceResponse> {
    const { work, plan } = this.writer;
    const digest = plan.ledger ? await digestOf(body, work) : randomBytes(8);
    const message = new ReceivedMessage(body, encoding);
    const { rejectedSpans, errorMessage } = await this.writer.write({
      digest,
      byteLength: body.byteLength,
      fill: (batch) => this.fillAtOnce(message, batch),
      fillSlowly: (batch) => this.fillSlowly(message, batch),
    });
    if (errorMessage === '') return create(ExportTraceServiceResponseSchema);
    if (rejectedSpans > 0) this.metrics.spansRejected('bad-span', rejectedSpans);
    this.logger.warn(errorMessage);
    return create(ExportTraceServiceResponseSchema, {
      partialSuccess: { rejectedSpans: BigInt(rejectedSpans), errorMessage },
    });
  }

  /** At once, or not at all. */
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
    this.forgetWhatIsVoid();
    const { protobuf, problems, body } = message;
    transcoder.begin(protobuf, batch, randomInt(2 ** 32) | 0, problems, body.length);
    return transcoder;
  }

  private forgetWhatIsVoid(): void {
    if (this.generation === this.writer.generation) return;
    this.generation = this.writer.generation;
    this.dictionaries.forget();
  }

  private refusalFor(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof WriteUnavailableError) {
      return new Refusal({ ...refusals.unavailable, message: error.message }, undefined, { cause: error });
    }
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    return new Refusal(refusals.internal, undefined, { cause: error });
  }
}

/** A request as it came, and in protobuf. */
class ReceivedMessage {
  private readonly decoder: JsonDecoder | undefined;
  private isDecoded: boolean;

  /** @throws Refusal when it is too large */
  constructor(
    readonly body: Buffer,
    encoding: Encoding,
  ) {
    this.decoder = encoding === 'json' ? new JsonDecoder(body) : undefined;
    this.isDecoded = this.decoder === undefined;
  }

  /** Goes on to decode it. @returns whether it is @throws Refusal when it is no request */
  decode(budgetMs: number): boolean {
    this.isDecoded ||= this.decoder?.run(budgetMs) === true;
    return this.isDecoded;
  }

  get protobuf(): Buffer {
    return this.decoder?.protobuf ?? this.body;
  }

  /** Of spans that the protobuf has in name only. */
  get problems(): KnownProblems {
    return this.decoder?.problems ?? noProblems;
  }
}

/** Success without more to say, which almost every answer is. */
const plainSuccess: Readonly<Record<Encoding, Buffer>> = { protobuf: Buffer.alloc(0), json: Buffer.from('{}') };

/** The bytes of an answer, in the encoding of its request; they may be shared. */
export function encodeResponse(response: ExportTraceServiceResponse, encoding: Encoding): Buffer {
  if (response.partialSuccess === undefined) return plainSuccess[encoding];
  return encoding === 'json'
    ? Buffer.from(JSON.stringify(toJson(ExportTraceServiceResponseSchema, response)))
    : Buffer.from(toBinary(ExportTraceServiceResponseSchema, response));
}
