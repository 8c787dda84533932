import { randomBytes } from 'node:crypto';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { GrpcClient } from '@spandrel/embedded/grpc-client';
import { importBuilt } from '@spandrel/embedded/built-tracestore';

type TraceServiceMessages =
  typeof import('../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts');
type Request = MessageInitShape<TraceServiceMessages['ExportTraceServiceRequestSchema']>;

/** The service whose spans the protocol checks send. */
export const checkedService = 'spandrel-smoke';
export const rootName = 'check a protocol';
export const childName = 'work that fails';
/** An attribute of each root. All traces of one run have the same value. */
export const runAttribute = 'smoke.run';
/** How long one response may take. */
export const responseTimeoutMs = 10_000;

/** A trace of two spans. The second failed. Ids are hex. */
export interface SentTrace {
  readonly traceId: string;
  readonly rootId: string;
  readonly childId: string;
  readonly run: string;
  readonly startMs: number;
}

/** Creates a trace that began 100 ms ago. */
export function createTrace(run: string): SentTrace {
  const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
  return { traceId: hex(16), rootId: hex(8), childId: hex(8), run, startMs: Date.now() - 100 };
}

/** Sends a trace with OTLP/HTTP in JSON. @throws Error when a span is rejected */
export async function sendJson(url: string, trace: SentTrace): Promise<void> {
  const body = requestOf(trace, {
    id: (hex) => hex,
    nanos: (ms) => `${ms}000000`,
    text: (stringValue) => ({ stringValue }),
  });
  const response = await post(url, 'application/json', JSON.stringify(body));
  if (response.includes('rejectedSpans')) throw new Error(response.slice(0, 200));
}

/** Sends a trace with OTLP/HTTP in protobuf. @throws Error when the request is rejected */
export async function sendProtobuf(url: string, trace: SentTrace): Promise<void> {
  const { ExportTraceServiceRequestSchema: schema } = await traceServiceMessages();
  const bytes = toBinary(schema, create(schema, protobufOf(trace)));
  await post(url, 'application/x-protobuf', new Uint8Array(bytes));
}

/** Sends a trace with OTLP/gRPC. @throws Error when a span is rejected */
export async function sendGrpc(client: GrpcClient, trace: SentTrace): Promise<void> {
  const { TraceService } = await traceServiceMessages();
  const options = { deadline: Date.now() + responseTimeoutMs };
  const { partialSuccess } = await client.unary(TraceService.method.export, protobufOf(trace), options);
  if (partialSuccess !== undefined && partialSuccess.rejectedSpans > 0n) throw new Error(partialSuccess.errorMessage);
}

function traceServiceMessages(): Promise<TraceServiceMessages> {
  return importBuilt('gen/opentelemetry/proto/collector/trace/v1/trace_service_pb');
}

function protobufOf(trace: SentTrace): Request {
  return requestOf(trace, {
    id: (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
    nanos: (ms) => BigInt(ms) * 1_000_000n,
    text: (value) => ({ value: { case: 'stringValue' as const, value } }),
  });
}

/** How an encoding of OTLP represents a value. */
interface Encoding<Id, Nanos, Text> {
  readonly id: (hex: string) => Id;
  readonly nanos: (ms: number) => Nanos;
  readonly text: (text: string) => Text;
}

function requestOf<Id, Nanos, Text>(trace: SentTrace, { id, nanos, text }: Encoding<Id, Nanos, Text>) {
  const span = (spanId: string, name: string, kind: 2 | 3, fromMs: number, toMs: number) => ({
    traceId: id(trace.traceId),
    spanId: id(spanId),
    name,
    kind,
    startTimeUnixNano: nanos(trace.startMs + fromMs),
    endTimeUnixNano: nanos(trace.startMs + toMs),
  });
  const root = {
    ...span(trace.rootId, rootName, 2, 0, 90),
    attributes: [{ key: runAttribute, value: text(trace.run) }],
  };
  const child = {
    ...span(trace.childId, childName, 3, 10, 80),
    parentSpanId: id(trace.rootId),
    status: { code: 2 as const, message: 'on purpose' },
  };
  const resource = { attributes: [{ key: 'service.name', value: text(checkedService) }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'smoke' }, spans: [root, child] }] }] };
}

async function post(url: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const headers = { 'content-type': type };
  const signal = AbortSignal.timeout(responseTimeoutMs);
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 200)}`);
  return text;
}
