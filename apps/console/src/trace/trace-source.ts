import type { SpanDetails, Waterfall } from '../api/answers.ts';
import { get } from '../api/client.ts';
import type { TraceModel } from './trace-model.ts';

/** Where a trace that is shown comes from: the store, or a file that was opened. */
export interface TraceSource {
  /** Tells the answers of this source from those of others. */
  readonly key: string;
  /** Where the whole trace can be had as OTLP/JSON; undefined for what came from such a file. */
  readonly exportPath: string | undefined;
  /** All there is of a span; several where an id was given twice. @throws ApiError */
  readonly details: (span: number, signal: AbortSignal) => Promise<readonly SpanDetails[]>;
  /** The ids of the spans that have a text somewhere, capitals or not. @throws ApiError */
  readonly matches: (text: string, signal: AbortSignal) => Promise<readonly string[]>;
}

/** A trace of the store. */
export function storedSource({ answer }: Pick<TraceModel, 'answer'>): TraceSource {
  const path = `traces/${answer.traceId}`;
  return {
    key: answer.traceId,
    exportPath: `/api/${path}/otlp`,
    details: async (span, signal) => {
      const range = rangeOf(answer, answer.spans.startNs[span] ?? 0);
      const spanPath = `${path}/spans/${answer.spans.id[span] ?? ''}${range}`;
      return (await get<{ readonly spans: readonly SpanDetails[] }>(spanPath, signal)).spans;
    },
    matches: async (text, signal) => {
      const matchesPath = `${path}/matches?text=${encodeURIComponent(text)}`;
      return (await get<{ readonly spanIds: readonly string[] }>(matchesPath, signal)).spanIds;
    },
  };
}

/** When the span starts, which finds it faster; a number does not have it exactly in a trace longer than a hundred days. */
function rangeOf({ startTimeUnixNano }: Waterfall, startNs: number): string {
  if (!Number.isSafeInteger(startNs)) return '';
  const start = BigInt(startTimeUnixNano) + BigInt(startNs);
  return `?from=${start}&to=${start}`;
}
