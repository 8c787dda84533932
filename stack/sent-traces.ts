import { randomBytes } from 'node:crypto';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { GrpcClient } from '../apps/tracestore/test/grpc-client.ts';
import { importBuilt } from './built-tracestore.ts';

type TraceServiceMessages =
  typeof import('../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts');
type Request = MessageInitShape<TraceServiceMessages['ExportTraceServiceRequestSchema']>;

/** The service whose spans the protocol checks send. */
export const checkedService = 'spandrel-smoke';
export const rootName = 'check a protocol';
export const childName = 'work that fails';
/** The attribute of each root, whose value is the same for all traces of one run. */
export const runAttribute = 'smoke.run';

/** A trace of two spans, of which the second failed. */
export interface SentTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly rootId: string;
  readonly childId: string;
  readonly run: string;
  readonly startMs: number;
}

/** Makes up a trace that began a moment ago. */
export function makeTrace(run: string): SentTrace {
  const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
  return { traceId: hex(16), rootId: hex(8), childId: hex(8), run, startMs: Date.now() - 100 };
}

/** Sends a trace by OTLP/HTTP in JSON. @throws Error when it is not stored whole */
export async function sendJson(url: string, trace: SentTrace): Promise<void> {
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const nanos = (afterMs: number): string => `${trace.startMs + afterMs}000000`;
  const body = {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', checkedService)] },
        scopeSpans: [
          {
            scope: { name: 'smoke' },
            spans: [
              {
                traceId: trace.traceId,
                spanId: trace.rootId,
                name: rootName,
                kind: 2,
                startTimeUnixNano: nanos(0),
                endTimeUnixNano: nanos(90),
                attributes: [text(runAttribute, trace.run)],
              },
              {
                traceId: trace.traceId,
                spanId: trace.childId,
                parentSpanId: trace.rootId,
                name: childName,
                kind: 3,
                startTimeUnixNano: nanos(10),
                endTimeUnixNano: nanos(80),
                status: { code: 2, message: 'on purpose' },
              },
            ],
          },
        ],
      },
    ],
  };
  await post(url, 'application/json', JSON.stringify(body));
}

/** Sends a trace by OTLP/HTTP in protobuf. @throws Error when it is not stored whole */
export async function sendProtobuf(url: string, trace: SentTrace): Promise<void> {
  const { ExportTraceServiceRequestSchema } = await traceServiceMessages();
  const bytes = toBinary(ExportTraceServiceRequestSchema, create(ExportTraceServiceRequestSchema, requestOf(trace)));
  await post(url, 'application/x-protobuf', new Uint8Array(bytes));
}

/** Sends a trace by OTLP/gRPC. @throws Error when it is not stored whole */
export async function sendGrpc(client: GrpcClient, trace: SentTrace): Promise<void> {
  const { TraceService } = await traceServiceMessages();
  const { partialSuccess } = await client.unary(TraceService.method.export, requestOf(trace), deadline());
  if (partialSuccess !== undefined && partialSuccess.rejectedSpans > 0n) throw new Error(partialSuccess.errorMessage);
}

/** How long one answer may take, in ms. */
export const answerTimeoutMs = 10_000;

/** The options of a gRPC call that has so long for its answer. */
export function deadline(): { readonly deadline: number } {
  return { deadline: Date.now() + answerTimeoutMs };
}

function traceServiceMessages(): Promise<TraceServiceMessages> {
  return importBuilt('gen/opentelemetry/proto/collector/trace/v1/trace_service_pb');
}

function requestOf({ traceId, rootId, childId, run, startMs }: SentTrace): Request {
  const bytes = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(hex, 'hex'));
  const text = (key: string, value: string) => ({ key, value: { value: { case: 'stringValue' as const, value } } });
  const nanos = (afterMs: number): bigint => BigInt(startMs + afterMs) * 1_000_000n;
  return {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', checkedService)] },
        scopeSpans: [
          {
            scope: { name: 'smoke' },
            spans: [
              {
                traceId: bytes(traceId),
                spanId: bytes(rootId),
                name: rootName,
                kind: 2,
                startTimeUnixNano: nanos(0),
                endTimeUnixNano: nanos(90),
                attributes: [text(runAttribute, run)],
              },
              {
                traceId: bytes(traceId),
                spanId: bytes(childId),
                parentSpanId: bytes(rootId),
                name: childName,
                kind: 3,
                startTimeUnixNano: nanos(10),
                endTimeUnixNano: nanos(80),
                status: { code: 2, message: 'on purpose' },
              },
            ],
          },
        ],
      },
    ],
  };
}

async function post(url: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
    signal: AbortSignal.timeout(answerTimeoutMs),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${answer.slice(0, 200)}`);
  if (type === 'application/json' && answer.includes('rejectedSpans')) throw new Error(answer.slice(0, 200));
}
