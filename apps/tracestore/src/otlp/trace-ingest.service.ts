import { hash, randomInt } from 'node:crypto';
import { create, toBinary, toJson } from '@bufbuild/protobuf';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TraceWriterService, WriteUnavailableError } from '../write/trace-writer.service.js';
import type { CopyBatch } from './copy-batch.js';
import { decodeRequest, type Encoding } from './decode.js';
import {
  type ExportTraceServiceResponse,
  ExportTraceServiceResponseSchema,
} from './gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { transcodeReference } from './reference-transcode.js';
import { Refusal, refusals } from './refusal.js';
import { RowAdder } from './row-adder.js';
import { type Outcome, Transcoder } from './transcoder.js';

/** What both receivers do with a request once they have its bytes. */
@Injectable()
export class TraceIngestService {
  private readonly logger = new Logger(TraceIngestService.name);
  private readonly transcoder = new Transcoder();
  private readonly rowAdder = new RowAdder();
  private generation = 0;

  constructor(
    @Inject(TraceWriterService) private readonly writer: TraceWriterService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
  ) {}

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
    const { rejectedSpans, errorMessage } = await this.writer.write({
      digest: hash('sha256', body, 'buffer'),
      byteLength: body.byteLength,
      fill: (batch) => this.fill(body, encoding, batch),
    });
    if (rejectedSpans === 0) return create(ExportTraceServiceResponseSchema);
    this.metrics.spansRejected('bad-span', rejectedSpans);
    this.logger.warn(errorMessage);
    return create(ExportTraceServiceResponseSchema, {
      partialSuccess: { rejectedSpans: BigInt(rejectedSpans), errorMessage },
    });
  }

  /** JSON comes in by way of the reference: it is for browsers and for people, who send little. */
  private fill(body: Buffer, encoding: Encoding, batch: CopyBatch): Outcome {
    this.forgetWhatIsVoid();
    const firstInstance = randomInt(2 ** 32) | 0;
    if (encoding === 'protobuf') return this.transcoder.transcode(body, batch, firstInstance);
    const { rows, rejectedSpans, errorMessage } = transcodeReference(decodeRequest(body, encoding), firstInstance);
    this.rowAdder.add(rows, batch, body.byteLength);
    return { acceptedSpans: rows.spans.length, rejectedSpans, errorMessage };
  }

  private forgetWhatIsVoid(): void {
    if (this.generation === this.writer.generation) return;
    this.generation = this.writer.generation;
    this.transcoder.forget();
    this.rowAdder.forget();
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

/** Success without more to say, which almost every answer is. */
const plainSuccess: Readonly<Record<Encoding, Buffer>> = { protobuf: Buffer.alloc(0), json: Buffer.from('{}') };

/** The bytes of an answer, in the encoding of its request; they may be shared. */
export function encodeResponse(response: ExportTraceServiceResponse, encoding: Encoding): Buffer {
  if (response.partialSuccess === undefined) return plainSuccess[encoding];
  return encoding === 'json'
    ? Buffer.from(JSON.stringify(toJson(ExportTraceServiceResponseSchema, response)))
    : Buffer.from(toBinary(ExportTraceServiceResponseSchema, response));
}
