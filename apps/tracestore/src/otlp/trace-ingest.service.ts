import { randomInt } from 'node:crypto';
import { create, toBinary, toJson } from '@bufbuild/protobuf';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { TraceWriterService, WriteUnavailableError } from '../write/trace-writer.service.js';
import { decodeRequest, type Encoding } from './decode.js';
import {
  type ExportTraceServiceResponse,
  ExportTraceServiceResponseSchema,
} from './gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { Refusal, refusals } from './refusal.js';
import { transcode } from './transcode.js';

/** What both receivers do with a request once they have its bytes. */
@Injectable()
export class TraceIngestService {
  private readonly logger = new Logger(TraceIngestService.name);

  constructor(@Inject(TraceWriterService) private readonly writer: TraceWriterService) {}

  /**
   * Stores a request. When this resolves, every span that isn't counted as rejected is committed.
   *
   * @param body the whole message, decompressed and admitted
   * @throws Refusal, and nothing else; then nothing of the request is stored
   */
  async ingest(body: Uint8Array, encoding: Encoding): Promise<ExportTraceServiceResponse> {
    try {
      return await this.store(body, encoding);
    } catch (error) {
      throw this.refusalFor(error);
    }
  }

  private async store(body: Uint8Array, encoding: Encoding): Promise<ExportTraceServiceResponse> {
    const request = decodeRequest(body, encoding);
    const { rows, rejectedSpans, errorMessage } = transcode(request, randomInt(2 ** 32) | 0);
    await this.writer.write(rows);
    if (rejectedSpans === 0) return create(ExportTraceServiceResponseSchema);
    this.logger.warn(errorMessage);
    return create(ExportTraceServiceResponseSchema, {
      partialSuccess: { rejectedSpans: BigInt(rejectedSpans), errorMessage },
    });
  }

  private refusalFor(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof WriteUnavailableError) {
      return new Refusal(refusals.unavailable, undefined, { cause: error });
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
