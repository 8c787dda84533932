import type { GenAiResponse, SpanDetails, Waterfall } from '../api/types.ts';
import { get } from '../api/client.ts';
import type { TraceModel } from './trace-model.ts';

/** The source of a trace: the store or an opened file. */
export interface TraceSource {
  /** Identifies the source in cache keys. */
  readonly key: string;
  /** The URL of the trace as OTLP/JSON; undefined for a file. */
  readonly exportPath: string | undefined;
  /** Load the details of a span; several if its ID is not unique. @throws ApiError */
  readonly details: (span: number, signal: AbortSignal) => Promise<readonly SpanDetails[]>;
  /** Find spans that contain a text, ignoring case. @returns their IDs @throws ApiError */
  readonly matches: (text: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Load the gen_ai attributes of the trace, with messages on request. @throws ApiError */
  readonly genAi: (withContent: boolean, signal: AbortSignal) => Promise<GenAiResponse>;
}

/** The source of a stored trace. */
export function storedSource({ waterfall }: Pick<TraceModel, 'waterfall'>): TraceSource {
  const path = `traces/${waterfall.traceId}`;
  return {
    key: waterfall.traceId,
    exportPath: `/api/${path}/otlp`,
    details: async (span, signal) => {
      const range = rangeOf(waterfall, waterfall.spans.startNs[span] ?? 0);
      const spanPath = `${path}/spans/${waterfall.spans.id[span] ?? ''}${range}`;
      return (await get<{ readonly spans: readonly SpanDetails[] }>(spanPath, signal)).spans;
    },
    matches: async (text, signal) => {
      const matchesPath = `${path}/matches?text=${encodeURIComponent(text)}`;
      return (await get<{ readonly spanIds: readonly string[] }>(matchesPath, signal)).spanIds;
    },
    genAi: (withContent, signal) => get<GenAiResponse>(`${path}/gen-ai?content=${withContent ? 1 : 0}`, signal),
  };
}

/** The start of the span, which makes the query faster. Left out if a number cannot hold it exactly (after 104 days). */
function rangeOf({ startTimeUnixNano }: Waterfall, startNs: number): string {
  if (!Number.isSafeInteger(startNs)) return '';
  const start = BigInt(startTimeUnixNano) + BigInt(startNs);
  return `?from=${start}&to=${start}`;
}
