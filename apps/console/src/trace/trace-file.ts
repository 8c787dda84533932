import {
  isJaegerTrace,
  type JaegerDocument,
  type JaegerTrace,
  jaegerTracesOf,
  otlpOfJaeger,
  type OtlpDocument,
  parseJson,
  TraceFileError,
} from '@spandrel/trace-files';
import type { SpanDetails } from '../api/types.ts';
import { type FileTrace, fileTraceOf } from './file-trace.ts';
import { spansOfOtlp } from './otlp-file.ts';
import { isZipkinSpan, spansOfZipkin } from './zipkin-file.ts';

/**
 * Read the traces of a file: OTLP/JSON, Jaeger's JSON, or Zipkin's JSON of version 2. It has one document, or one document per
 * line as Collectors write them. The traces have the order of their first spans in the file; missing fields have the defaults
 * of the format.
 *
 * @throws TraceFileError if the file has another form or no spans
 */
export function readTraceFile(text: string): readonly FileTrace[] {
  const traces = new Map<string, SpanDetails[]>();
  try {
    for (const document of documentsOf(text)) {
      for (const span of spansOf(document)) {
        const known = traces.get(span.traceId);
        if (known === undefined) traces.set(span.traceId, [span]);
        else known.push(span);
      }
    }
  } catch (cause) {
    if (cause instanceof TraceFileError) throw cause;
    // A field has a wrong type, such as a list or a time.
    throw new TraceFileError(notTraces, { cause });
  }
  if (traces.size === 0) throw new TraceFileError('it has no spans');
  return [...traces].map(([traceId, spans]) => fileTraceOf(traceId, spans));
}

const notTraces =
  'it is JSON, but not OTLP/JSON (resourceSpans), Jaeger JSON (data with spans and processes) or Zipkin JSON (a list of spans)';

function documentsOf(text: string): readonly unknown[] {
  try {
    return [parseJson(text)];
  } catch (cause) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw new TraceFileError('it is not JSON', { cause });
    return lines.map((line, n) => {
      try {
        return parseJson(line);
      } catch (lineCause) {
        throw new TraceFileError(`neither the file nor its line ${n + 1} is JSON`, { cause: lineCause });
      }
    });
  }
}

/** The spans of a document of any format, which its members tell. */
function spansOf(document: unknown): Iterable<SpanDetails> {
  if (Array.isArray(document)) return spansOfList(document);
  if (typeof document !== 'object' || document === null) throw new TraceFileError(notTraces);
  if ('resourceSpans' in document) return spansOfOtlp(document as OtlpDocument);
  // Jaeger's API of version 3 wraps OTLP/JSON.
  if ('result' in document) return spansOf(document.result);
  if ('data' in document)
    return jaegerTracesOf(document as JaegerDocument).flatMap((trace) => [...spansOfJaeger(trace)]);
  if (isJaegerTrace(document)) return spansOfJaeger(document);
  if (isZipkinSpan(document)) return spansOfZipkin([document]);
  // A Collector may write an empty request.
  if (Object.keys(document).length === 0) return [];
  throw new TraceFileError(notTraces);
}

/** Zipkin's API has lists of spans, and lists of these for several traces. */
function spansOfList(list: readonly unknown[]): readonly SpanDetails[] {
  const items = list.flat();
  if (items.every(isZipkinSpan)) return spansOfZipkin(items);
  return items.flatMap((item) => [...spansOf(item)]);
}

function spansOfJaeger(trace: JaegerTrace): Iterable<SpanDetails> {
  return spansOfOtlp({ resourceSpans: otlpOfJaeger(trace) });
}
