/** The traces of `recorded/traces.json` as requests of OTLP, and the answers of Tempo's engine about them. */
import { readFileSync } from 'node:fs';
import { type OtlpAttribute, type OtlpDocument, type OtlpValue, parseJson } from '@spandrel/trace-files';

type CompactValue = string | number | boolean | readonly CompactValue[];

/** A span as the file has it. `i:5` is the integer 5, other numbers are floats. */
interface CompactSpan {
  readonly N: string;
  readonly P: string;
  readonly Svc: string;
  readonly K: number;
  readonly St: number;
  readonly Msg: string;
  readonly S: number | string;
  readonly D: number;
  readonly A: Readonly<Record<string, CompactValue>>;
  readonly R: Readonly<Record<string, CompactValue>>;
  readonly Ev: readonly {
    readonly N: string;
    readonly T: number | string;
    readonly A: Readonly<Record<string, CompactValue>>;
  }[];
  readonly Ln: readonly { readonly N: string; readonly A: Readonly<Record<string, CompactValue>> }[];
  readonly ScopeN: string;
  readonly DupOf: string;
}

/** A query and the lines of its answer. */
export interface RecordedAnswer {
  readonly query: string;
  readonly lines: readonly string[];
}

export interface RecordedDeviation extends RecordedAnswer {
  readonly reason: string;
}

/** Five traces of 17 spans, each as one request; and the names of the spans by their ids. */
export function recordedTraces(): {
  readonly documents: readonly OtlpDocument[];
  readonly names: ReadonlyMap<string, string>;
} {
  const traces = parseJson(read('traces.json')) as Readonly<Record<string, readonly CompactSpan[]>>;
  const names = new Map<string, string>();
  const documents = Object.values(traces).map((spans, index) => {
    const ids = new Map<string, string>();
    const idOf = (name: string): string => {
      if (name === '') return '';
      const id = ids.get(name) ?? `ab${String(index + 1).padStart(10, '0')}${String(ids.size + 1).padStart(4, '0')}`;
      ids.set(name, id);
      names.set(id, names.get(id) ?? name);
      return id;
    };
    return {
      resourceSpans: spans.map((span) => ({
        resource: { attributes: attributes({ 'service.name': span.Svc, ...span.R }) },
        scopeSpans: [
          {
            scope: { name: span.ScopeN },
            spans: [
              {
                traceId: `aa${String(index + 1).padStart(30, '0')}`,
                spanId: idOf(span.DupOf || span.N),
                parentSpanId: idOf(span.P),
                name: span.N,
                kind: span.K,
                startTimeUnixNano: String(BigInt(span.S)),
                endTimeUnixNano: String(BigInt(span.S) + BigInt(span.D)),
                attributes: attributes(span.A),
                status: { code: span.St, message: span.Msg },
                events: span.Ev.map((event) => ({
                  name: event.N,
                  timeUnixNano: String(BigInt(event.T)),
                  attributes: attributes(event.A),
                })),
                links: span.Ln.map((link) => ({ spanId: idOf(link.N), attributes: attributes(link.A) })),
              },
            ],
          },
        ],
      })),
    };
  });
  return { documents, names };
}

/** Queries with the lines that Tempo's engine answered. */
export function recordedAnswers(): readonly RecordedAnswer[] {
  return readBlocks(read('answers.txt'));
}

/**
 * Queries with the lines that are right here where Tempo's are not, by the reason. `docs/traceql.md` has a section for
 * each reason.
 */
export function recordedDeviations(): readonly RecordedDeviation[] {
  return read('deviations.txt')
    .split(/^# /m)
    .slice(1)
    .flatMap((part) => {
      const [reason = ''] = part.split('\n', 1);
      return readBlocks(part.slice(reason.length)).map((recorded) => ({ ...recorded, reason }));
    });
}

function readBlocks(text: string): readonly RecordedAnswer[] {
  return text
    .trim()
    .split('\n\n')
    .map((block) => {
      const [query = '', ...lines] = block.split('\n');
      return { query, lines: lines.map((line) => line.trim()) };
    });
}

function attributes(values: Readonly<Record<string, CompactValue>>): readonly OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: CompactValue): OtlpValue {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { doubleValue: value };
  if (typeof value === 'string') return value.startsWith('i:') ? { intValue: value.slice(2) } : { stringValue: value };
  return { arrayValue: { values: value.map(valueOf) } };
}

function read(file: string): string {
  return readFileSync(new URL(`recorded/${file}`, import.meta.url), 'utf8');
}
