import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { type Results, rounded } from '../results.ts';
import { peakRssBytes, rssBytes } from '../process-accounting.ts';
import { importBuilt } from '@spandrel/embedded/built-tracestore';
import { openGrpcSender } from '../write/otlp-sender.ts';
import type { RunningStore } from '../write/processes.ts';

type TraceMessages = typeof import('../../apps/tracestore/src/gen/opentelemetry/proto/trace/v1/trace_pb.ts');
type StorageMessages = typeof import('../../apps/tracestore/src/gen/storage/v2/trace_storage_pb.ts');

const traceId = new Uint8Array(16).fill(0x5c);
const spanCount = 100_000;
const spansPerRequest = 1_000;

/** Measures a trace of 100,000 spans over the storage API: its time, and the memory of the store. */
export async function measureLargeTrace(store: RunningStore, say: (line: string) => void): Promise<Results> {
  const jaeger = new GrpcClient(`127.0.0.1:${store.jaegerGrpcPort}`);
  try {
    if ((await read(jaeger)).spans === 0) await write(store);
    const restBytes = await rssBytes(store.pid);
    const startedAt = performance.now();
    const { spans, bytes } = await read(jaeger);
    const seconds = (performance.now() - startedAt) / 1000;
    if (spans !== spanCount) throw new Error(`the store returned ${spans} spans, ${spanCount} were expected`);
    const results = {
      tracestoreLargeTraceSeconds: rounded(seconds, 2),
      tracestoreLargeTraceMb: rounded(bytes / 1e6, 1),
      tracestoreRestMb: rounded(restBytes / 1e6, 0),
      tracestoreAfterLargeTraceMb: rounded((await rssBytes(store.pid)) / 1e6, 0),
      tracestorePeakMb: rounded((await peakRssBytes(store.pid)) / 1e6, 0),
    };
    say(`a trace of ${spanCount} spans: ${JSON.stringify(results)}`);
    return results;
  } finally {
    jaeger.close();
  }
}

async function read(jaeger: GrpcClient): Promise<{ readonly spans: number; readonly bytes: number }> {
  const { TracesDataSchema } = await importBuilt<TraceMessages>('gen/opentelemetry/proto/trace/v1/trace_pb');
  const { TraceReader } = await importBuilt<StorageMessages>('gen/storage/v2/trace_storage_pb');
  let spans = 0;
  let bytes = 0;
  for await (const chunk of jaeger.bytes(TraceReader.method.getTraces, { query: [{ traceId }] })) {
    bytes += chunk.length;
    for (const { scopeSpans } of fromBinary(TracesDataSchema, chunk).resourceSpans) {
      for (const scope of scopeSpans) spans += scope.spans.length;
    }
  }
  return { spans, bytes };
}

async function write({ otlpGrpcPort }: RunningStore): Promise<void> {
  const { TracesDataSchema } = await importBuilt<TraceMessages>('gen/opentelemetry/proto/trace/v1/trace_pb');
  const sender = openGrpcSender(otlpGrpcPort);
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  try {
    for (let first = 0; first < spanCount; first += spansPerRequest) {
      const spans = Array.from({ length: spansPerRequest }, (_, n) => {
        const spanId = new Uint8Array(8);
        new DataView(spanId.buffer).setBigUint64(0, BigInt(first + n + 1));
        const start = nowNs + BigInt(first + n) * 1000n;
        return {
          traceId,
          spanId,
          name: `operation ${n % 50}`,
          startTimeUnixNano: start,
          endTimeUnixNano: start + 1_000_000n,
          attributes: [text('http.route', `/orders/${n % 50}`), text('user', `user-${first + n}`)],
        };
      });
      // As far as it goes, an ExportTraceServiceRequest is the same on the wire.
      const message = create(TracesDataSchema, {
        resourceSpans: [{ resource: { attributes: [text('service.name', 'large')] }, scopeSpans: [{ spans }] }],
      });
      const body = Buffer.from(toBinary(TracesDataSchema, message));
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(body.length, 1);
      await sender.send({ body, grpcMessage: Buffer.concat([prefix, body]), spanCount: spans.length });
    }
  } finally {
    sender.close();
  }
}

function text(key: string, value: string) {
  return { key, value: { value: { case: 'stringValue' as const, value } } };
}
