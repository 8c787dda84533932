import type { EventsResponse, GenAiResponse, LinksResponse, SpanDetails, Waterfall } from '../api/types.ts';
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
  /** Find spans with an attribute. @param condition `key` or `key=value` @returns their IDs @throws Error */
  readonly withAttribute: (condition: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Load a page of events, in the order of time. @throws ApiError */
  readonly events: (cursor: string | undefined, signal: AbortSignal) => Promise<EventsResponse>;
  /** Find the spans at the other ends of a span's links; undefined for a file. @throws ApiError */
  readonly links: ((span: number, signal: AbortSignal) => Promise<LinksResponse>) | undefined;
  /** Load the gen_ai attributes of the trace, with messages on request. @throws ApiError */
  readonly genAi: (withContent: boolean, signal: AbortSignal) => Promise<GenAiResponse>;
}

const eventsPerPage = 500;

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
    withAttribute: async (condition, signal) => {
      const matchesPath = `${path}/matches?attribute=${encodeURIComponent(condition)}`;
      return (await get<{ readonly spanIds: readonly string[] }>(matchesPath, signal)).spanIds;
    },
    events: (cursor, signal) =>
      get<EventsResponse>(
        `${path}/events?limit=${eventsPerPage}${cursor === undefined ? '' : `&cursor=${cursor}`}`,
        signal,
      ),
    links: (span, signal) => {
      // Rounded beyond 2^53 ns, which is enough to find spans within hours.
      const start = BigInt(waterfall.startTimeUnixNano) + BigInt(Math.round(waterfall.spans.startNs[span] ?? 0));
      return get<LinksResponse>(`${path}/spans/${waterfall.spans.id[span] ?? ''}/links?start=${start}`, signal);
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
