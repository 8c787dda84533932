import type { SpanDetails, Waterfall } from '../api/types.ts';
import { fileEventMarks } from './file-events.ts';

/** A trace from a file. */
export interface FileTrace {
  readonly waterfall: Waterfall;
  readonly spans: readonly SpanDetails[];
}

/** The file has no traces in a format that the console reads. */
export class TraceFileError extends Error {
  override readonly name = 'TraceFileError';
}

/**
 * An id in lower case.
 *
 * @param digits its length
 * @param field its name, for the message
 * @throws TraceFileError if it is not hexadecimal or has another length
 */
export function idOf(text: unknown, digits: number, field: string): string {
  if (typeof text !== 'string' || text.length !== digits || !/^[\da-f]*$/i.test(text)) {
    throw new TraceFileError(`${field} must be ${digits} hex digits, got ${JSON.stringify(text ?? null).slice(0, 60)}`);
  }
  return text.toLowerCase();
}

/** An id as `idOf` returns it. Leading zeros may be missing: Jaeger and Zipkin leave them out. */
export function shortIdOf(text: unknown, digits: number, field: string): string {
  return idOf(typeof text === 'string' && text !== '' ? text.padStart(digits, '0') : text, digits, field);
}

const nsPerUs = 1_000n;

/** Nanoseconds of microseconds, which may have a fraction. A missing time is 0. */
export function nanosecondsOf(microseconds: number | bigint | string | undefined): bigint {
  if (typeof microseconds !== 'number' || Number.isInteger(microseconds)) return BigInt(microseconds ?? 0) * nsPerUs;
  const whole = Math.floor(microseconds);
  return BigInt(whole) * nsPerUs + BigInt(Math.round((microseconds - whole) * Number(nsPerUs)));
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
