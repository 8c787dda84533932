import {
  isJaegerTrace,
  type JaegerDocument,
  type JaegerTrace,
  jaegerTracesOf,
  otlpOfJaeger,
  type OtlpDocument,
} from '@spandrel/trace-files';
import { type FlatSpan, flatSpansOf, inCanonicalOrder, requestsOf } from '../otlp-requests.ts';
import type { SourceItem } from '../run-import.ts';

/** A trace to import. */
export interface ReadTrace {
  readonly traceId: string;
  readonly items: readonly SourceItem[];
}

/**
 * The traces of a document of Jaeger: its JSON of traces with processes, or OTLP from its API of version 3. Each trace becomes
 * requests of its own, which depend on its spans alone: a trace that is found in several searches is stored once.
 *
 * @throws TraceFileError if it is neither, or an error of Jaeger
 */
export function tracesOf(document: unknown): readonly ReadTrace[] {
  if (isJaegerTrace(document)) return [traceOfJaeger(document)];
  if (typeof document === 'object' && document !== null) {
    if ('data' in document) return jaegerTracesOf(document as JaegerDocument).map(traceOfJaeger);
    if ('result' in document) return tracesOfOtlp(document.result as OtlpDocument);
    if ('resourceSpans' in document) return tracesOfOtlp(document as OtlpDocument);
  }
  throw new TypeError('it has neither traces of Jaeger (data with spans and processes) nor OTLP (resourceSpans)');
}

function traceOfJaeger(trace: JaegerTrace): ReadTrace {
  const spans: FlatSpan[] = [];
  const rejected: SourceItem[] = [];
  try {
    spans.push(...flatSpansOf(otlpOfJaeger(trace)));
  } catch {
    // A bad span costs only itself.
    for (const span of trace.spans) {
      try {
        spans.push(...flatSpansOf(otlpOfJaeger({ ...trace, spans: [span] })));
      } catch (error) {
        rejected.push({ rejected: { spans: 1, reason: error instanceof Error ? error.message : String(error) } });
      }
    }
  }
  const traceId = spans[0]?.span.traceId ?? trace.traceID ?? '';
  return { traceId, items: [...rejected, ...itemsOf(spans)] };
}

function tracesOfOtlp({ resourceSpans = [] }: OtlpDocument): readonly ReadTrace[] {
  const traces = Map.groupBy(flatSpansOf(resourceSpans), ({ span }) => span.traceId ?? '');
  return [...traces].map(([traceId, spans]) => ({ traceId, items: itemsOf(spans) }));
}

function itemsOf(spans: readonly FlatSpan[]): readonly SourceItem[] {
  return [...requestsOf(inCanonicalOrder(spans))].map((request) => ({ request }));
}
