import { encodeProtobuf, sendGrpc } from './otlp-client.js';
import { hexBytes, requestOf, type SpanInit } from './requests.js';
import type { RunningTracestore } from './running-tracestore.js';

/** A short description of a span. Ids are small numbers, 0 means no parent; times are ns from the start of the trace. */
export interface SpanSketch {
  readonly id: number;
  readonly parent: number;
  readonly start: number;
  readonly end: number;
  readonly name?: string;
  readonly service?: string;
  readonly over?: SpanInit;
}

/** The start of all traces. */
export const traceStartUnixNano = 1_700_000_000_000_000_000n;

/** @returns the trace id that ends in this number */
export function traceIdHex(number: number): string {
  return `5a${number.toString(16).padStart(30, '0')}`;
}

export function spanIdHex(number: number): string {
  return number.toString(16).padStart(16, '0');
}

export function sketchedSpan(trace: number, { id, parent, start, end, name, over }: SpanSketch): SpanInit {
  return {
    traceId: hexBytes(traceIdHex(trace)),
    spanId: hexBytes(spanIdHex(id)),
    parentSpanId: hexBytes(parent === 0 ? '' : spanIdHex(parent)),
    name: name ?? `span ${id}`,
    startTimeUnixNano: traceStartUnixNano + BigInt(start),
    endTimeUnixNano: traceStartUnixNano + BigInt(end),
    ...over,
  };
}

/** Stores a trace, a request for each service. */
export async function sendTrace(
  store: RunningTracestore,
  trace: number,
  sketches: readonly SpanSketch[],
): Promise<void> {
  for (const [service, spans] of Map.groupBy(sketches, ({ service }) => service ?? 'shop')) {
    await sendGrpc(
      store.grpcAddress,
      encodeProtobuf(
        requestOf(
          spans.map((sketch) => sketchedSpan(trace, sketch)),
          service,
        ),
      ),
    );
  }
}
