import { create, toJsonString } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { type ResourceSpans, ResourceSpansSchema } from '../../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import type { TraceChunk } from '../../query/get-traces/trace-span.js';
import { resourceMessage, scopeMessage, spanMessage } from '../../query/otlp/span-messages.js';
import { serviceNameOf, spansByOrigin } from '../../query/otlp/spans-by-origin.js';
import { TracesDataWriter } from '../../query/otlp/traces-data.js';

/*
 * A trace in the forms of Tempo's API, written while it is read. The first version has the spans alone, and an error for a
 * trace that is not stored. The second has them in an envelope, and an empty trace.
 *
 * protobuf joins the occurrences of a message, so both versions are a row of such parts. JSON is that of protobuf: ids are
 * base64, 64-bit integers are strings, and fields with default values are absent.
 */

type Chunks = AsyncIterable<TraceChunk>;

/** `tempopb.TraceByIDResponse.trace` */
const traceField = 1;

/** Version 1, protobuf: `tempopb.Trace`. @throws TracestoreError `unknownTrace` before the first part */
export async function* protobufTrace(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TracesDataWriter();
  let isEmpty = true;
  for await (const chunk of chunks) {
    isEmpty = false;
    yield* writer.write(chunk);
  }
  if (isEmpty) throw new TracestoreError(errorKinds.unknownTrace);
}

/** Version 2, protobuf: `tempopb.TraceByIDResponse`. */
export async function* protobufTraceById(chunks: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TracesDataWriter();
  let isEmpty = true;
  for await (const chunk of chunks) {
    isEmpty = false;
    for (const trace of writer.write(chunk)) yield asTraceField(trace);
  }
  if (isEmpty) yield asTraceField(new Uint8Array());
}

function asTraceField(trace: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(traceField, WireType.LengthDelimited).bytes(trace).finish();
}

/** Version 1, JSON: `{"batches":[…]}`. @throws TracestoreError `unknownTrace` before the first part */
export async function* jsonTrace(chunks: Chunks): AsyncGenerator<string, void, undefined> {
  let begin = '{"batches":[';
  for await (const chunk of chunks) {
    yield begin + resourceSpansJson(chunk);
    begin = ',';
  }
  if (begin !== ',') throw new TracestoreError(errorKinds.unknownTrace);
  yield ']}';
}

/** Version 2, JSON: `{"trace":{"resourceSpans":[…]},"metrics":{}}`. */
export async function* jsonTraceById(chunks: Chunks): AsyncGenerator<string, void, undefined> {
  let separator = '';
  yield '{"trace":{';
  for await (const chunk of chunks) {
    yield (separator || '"resourceSpans":[') + resourceSpansJson(chunk);
    separator = ',';
  }
  yield `${separator === '' ? '' : ']'}},"metrics":{}}`;
}

function resourceSpansJson(chunk: TraceChunk): string {
  return resourceSpansOf(chunk)
    .map((message) => toJsonString(ResourceSpansSchema, message))
    .join(',');
}

function resourceSpansOf({ traceId, spans }: TraceChunk): readonly ResourceSpans[] {
  return [...spansByOrigin(spans)].map(([resource, byScope]) =>
    create(ResourceSpansSchema, {
      resource: resourceMessage(resource, serviceNameOf(byScope)),
      schemaUrl: resource.schemaUrl,
      scopeSpans: [...byScope].map(([scope, its]) => ({
        scope: scopeMessage(scope),
        schemaUrl: scope.schemaUrl,
        spans: its.map((span) => spanMessage(traceId, span)),
      })),
    }),
  );
}
