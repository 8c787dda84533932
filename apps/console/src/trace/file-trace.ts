import type { SpanDetails, Waterfall } from '../api/types.ts';
import { fileEventMarks } from './file-events.ts';

/** A trace from a file. */
export interface FileTrace {
  readonly waterfall: Waterfall;
  readonly spans: readonly SpanDetails[];
}

/** Put the spans of a trace into the columns of a waterfall, in the order of their starts. */
export function fileTraceOf(traceId: string, unordered: readonly SpanDetails[]): FileTrace {
  const starts = new Map(unordered.map((span) => [span, BigInt(span.startTimeUnixNano)]));
  const startOf = (span: SpanDetails): bigint => starts.get(span) ?? 0n;
  const compare = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0);
  const spans = unordered.toSorted((left, right) => compare(startOf(left), startOf(right)));
  const first = spans[0] === undefined ? 0n : startOf(spans[0]);
  const operations: [string, string, number][] = [];
  const operationOf = new Map<string, number>();
  const startNs = spans.map((span) => Number(startOf(span) - first));
  const durationNs = spans.map((span) => Math.max(0, Number(BigInt(span.endTimeUnixNano) - startOf(span))));
  return {
    spans,
    waterfall: {
      traceId,
      startTimeUnixNano: String(first),
      durationNs: startNs.reduce((last, start, n) => Math.max(last, start + (durationNs[n] ?? 0)), 0),
      operations,
      spans: {
        id: spans.map(({ spanId }) => spanId),
        parentId: spans.map(({ parentSpanId }) => parentSpanId),
        operation: spans.map(({ service, name, kind }) => {
          const key = JSON.stringify([service, name, kind]);
          const known = operationOf.get(key);
          if (known !== undefined) return known;
          operationOf.set(key, operations.length);
          return operations.push([service, name, kind]) - 1;
        }),
        startNs,
        durationNs,
        status: spans.map(({ status }) => status.code),
        events: spans.map(({ events }) => events.length),
      },
      eventMarks: fileEventMarks(spans, first),
    },
  };
}
