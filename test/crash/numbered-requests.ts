import { BinaryReader } from '@bufbuild/protobuf/wire';
import { makeCorpus } from '../../bench/corpus/corpus.ts';

/** A request with a number, which is the start of the trace ids of its spans. */
export interface NumberedRequest {
  readonly number: number;
  readonly spanCount: number;
  /** Includes the gRPC prefix. */
  readonly grpcMessage: Buffer;
}

interface Template {
  readonly grpcMessage: Buffer;
  readonly spanCount: number;
  /** The offsets of the trace ids. */
  readonly offsets: readonly number[];
}

const templateCount = 40;
const grpcPrefixBytes = 5;
const minuteNano = 60_000_000_000n;

/** Creates requests with about this number of spans, numbered from 1. */
export function* numberedRequests(seed: number, spansPerRequest: number): Generator<NumberedRequest, void> {
  const corpus = makeCorpus({
    shape: 'services',
    seed,
    spans: templateCount * spansPerRequest,
    spansPerRequest,
    startTimeUnixNano: BigInt(Date.now()) * 1_000_000n,
    durationNano: minuteNano,
  });
  const templates = Array.from(corpus, ({ bytes, spanCount }): Template => {
    const grpcMessage = Buffer.alloc(grpcPrefixBytes + bytes.length);
    grpcMessage.writeUInt32BE(bytes.length, 1);
    grpcMessage.set(bytes, grpcPrefixBytes);
    const body = grpcMessage.subarray(grpcPrefixBytes);
    const offsets = [...fieldsAt(body, pathToTraceIds)].map((field) => field.byteOffset - grpcMessage.byteOffset);
    if (offsets.length !== spanCount) throw new Error(`${offsets.length} trace ids in ${spanCount} spans`);
    return { grpcMessage, spanCount, offsets };
  });
  for (let number = 1; ; number++) {
    const template = templates[number % templates.length];
    if (template === undefined) throw new Error('no templates');
    const grpcMessage = Buffer.from(template.grpcMessage);
    for (const offset of template.offsets) grpcMessage.writeUInt32BE(number, offset);
    yield { number, spanCount: template.spanCount, grpcMessage };
  }
}

/** @returns the number of the request in a message, in any encoding of it */
export function numberOf(message: Uint8Array): number {
  const [traceId] = fieldsAt(message, pathToTraceIds);
  if (traceId === undefined) throw new Error('a request without spans');
  return Buffer.from(traceId).readUInt32BE(0);
}

/** Field numbers from an ExportTraceServiceRequest to its trace ids: resource_spans, scope_spans, spans, trace_id. */
const pathToTraceIds = [1, 2, 2, 1] as const;

function* fieldsAt(message: Uint8Array, [field, ...below]: readonly number[]): Generator<Uint8Array, void> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number !== field) reader.skip(wireType, number);
    else if (below.length === 0) yield reader.bytes();
    else yield* fieldsAt(reader.bytes(), below);
  }
}
