import { create } from '@bufbuild/protobuf';
import { ExportTraceServiceRequestSchema } from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { encodeProtobuf, sendGrpc } from './otlp-client.js';
import { attribute, hexBytes, type SpanInit, text } from './requests.js';
import type { RunningTracestore } from './running-tracestore.js';

const millisecond = 1_000_000n;

interface PasswordSpan {
  readonly service: string;
  readonly id: number;
  readonly parent: number;
  readonly name: string;
  /** 2 is a server, 3 a client, 1 internal. */
  readonly kind: number;
  /** Milliseconds from the start of the trace. */
  readonly start: number;
  readonly end: number;
}

/**
 * generator  generator.generate   0 ─────────────── 100   pwlen 25; fails in the second trace
 * generator    HTTP GET             10 ─── 50            fails in the second trace
 * lower          GET /               12 ── 48            fails in the second trace
 * lower            HTTP GET           14 ─ 20              and 20 ms longer in the second trace
 * digit              GET /             15 19
 * generator    HTTP GET                30 ──── 70          concurrent with the other
 * upper          GET /                  32 ─── 68
 */
const spans: readonly PasswordSpan[] = [
  { service: 'generator', id: 1, parent: 0, name: 'generator.generate', kind: 1, start: 0, end: 100 },
  { service: 'generator', id: 2, parent: 1, name: 'HTTP GET', kind: 3, start: 10, end: 50 },
  { service: 'lower', id: 3, parent: 2, name: 'GET /', kind: 2, start: 12, end: 48 },
  { service: 'lower', id: 4, parent: 3, name: 'HTTP GET', kind: 3, start: 14, end: 20 },
  { service: 'digit', id: 5, parent: 4, name: 'GET /', kind: 2, start: 15, end: 19 },
  { service: 'generator', id: 6, parent: 1, name: 'HTTP GET', kind: 3, start: 30, end: 70 },
  { service: 'upper', id: 7, parent: 6, name: 'GET /', kind: 2, start: 32, end: 68 },
];
const failing: ReadonlySet<number> = new Set([1, 2, 3]);

/** @returns the hex id of the first or the second trace */
export function passwordTraceId(number: 1 | 2): string {
  return `ab${String(number).padStart(30, '0')}`;
}

/**
 * Stores two traces of a system that generates passwords, with everything that the published queries need.
 *
 * @param startMs start of the first trace; the second starts 10 s later
 */
export async function sendPasswordTraces(store: RunningTracestore, startMs: number): Promise<void> {
  for (const trace of [1, 2] as const) {
    const resourceSpans = [...Map.groupBy(spans, ({ service }) => service)].map(([service, own]) => ({
      resource: {
        attributes: [text('service.name', service), text('telemetry.sdk.name', 'opentelemetry')],
      },
      scopeSpans: [{ scope: { name: 'test' }, spans: own.map((span) => spanOf(trace, span, startMs)) }],
    }));
    await sendGrpc(store.grpcAddress, encodeProtobuf(create(ExportTraceServiceRequestSchema, { resourceSpans })));
  }
}

function spanOf(trace: 1 | 2, { id, parent, name, kind, start, end }: PasswordSpan, startMs: number): SpanInit {
  const traceStart = (BigInt(startMs) + (trace === 2 ? 10_000n : 0n)) * millisecond;
  const spanId = (number: number): Uint8Array<ArrayBuffer> => hexBytes(number.toString(16).padStart(16, '0'));
  const longer = trace === 2 && id === 4 ? 20 : 0;
  return {
    traceId: hexBytes(passwordTraceId(trace)),
    spanId: spanId(id),
    parentSpanId: parent === 0 ? hexBytes('') : spanId(parent),
    name,
    kind,
    startTimeUnixNano: traceStart + BigInt(start) * millisecond,
    endTimeUnixNano: traceStart + BigInt(end + longer) * millisecond,
    attributes: [
      attribute('pwlen', { case: 'intValue', value: trace === 1 ? 25n : 8n }),
      text('os_name', 'linux'),
      text('char', trace === 1 ? 'x' : 'z'),
      attribute('share', { case: 'doubleValue', value: 0.5 }),
    ],
    events: id === 1 ? [{ name: 'selecting', timeUnixNano: traceStart, attributes: [text('level', 'error')] }] : [],
    links:
      id === 1 && trace === 2
        ? [{ traceId: hexBytes(passwordTraceId(1)), spanId: spanId(1), attributes: [text('why', 'retry')] }]
        : [],
    ...(trace === 2 && failing.has(id) ? { status: { code: 2, message: 'FAILED to fetch a lower char' } } : {}),
  };
}
