import { readFileSync } from 'node:fs';
import { formatDuration, parseQuery, printStatic, type Static, TraceqlError } from '@spandrel/traceql';
import { describe, expect, it } from 'vitest';
import { queryRange, type Series } from './metrics-evaluation.ts';
import { recordedAnswers, recordedDeviations, recordedTraces } from './recorded-traces.ts';
import { EvaluationError, type FoundTrace, reportSpan, search } from './search-evaluation.ts';
import { type AttributeValue, readTraces, type SpanModel } from './trace-model.ts';

const { documents, names } = recordedTraces();
const traces = readTraces(documents);
const grid = { start: 10n ** 18n, step: 10n ** 10n, count: 4 };

/** The answer to a query, in the lines of the recording. */
function answer(text: string): readonly string[] {
  try {
    const query = parseQuery(text);
    if (query.body.node !== 'pipeline') return queryRange(query, traces, grid).map(seriesLine);
    return search(query, traces).flatMap((found) => found.spansets.map((spanset) => spansetLine(text, found, spanset)));
  } catch (error) {
    if (error instanceof EvaluationError) return [`ERR ${error.message}`];
    if (error instanceof TraceqlError) return [`ERR compiling query: ${error.message}`];
    throw error;
  }
}

function spansetLine(
  text: string,
  { trace }: FoundTrace,
  { spans, attributes }: FoundTrace['spansets'][number],
): string {
  const { root } = trace;
  const service = root?.resource.get('service.name') as Extract<Static, { type: 'string' }> | undefined;
  const number = Number(trace.traceId.slice(-2));
  const lines = spans.map((span) => `t${number}.${spanText(text, span)}`).toSorted();
  const own = [...attributes].map(([name, value]) => `${name}=${anyValue(value)}`);
  return `root=${service?.value ?? ''}/${root?.name ?? ''} matched=${spans.length} [${lines.join(' ')}] attrs=[${own.join(' ')}]`;
}

function spanText(text: string, span: SpanModel): string {
  const { name = '', fields } = reportSpan(parseQuery(text), span);
  return `${names.get(span.spanId)}(${name})${fields.map(({ key, value }) => `${key}=${anyValue(value)}`).join()}`;
}

function anyValue(value: AttributeValue): string {
  return JSON.stringify(anyValueOf(value));
}

function anyValueOf(value: AttributeValue): object {
  if (value === undefined) return { string_value: 'nil' };
  if (Array.isArray(value))
    return { array_value: { values: value.map((element: Static) => ({ Value: anyValueOf(element) })) } };
  const { type, value: content } = value as Exclude<Static, { type: 'nil' }>;
  switch (type) {
    case 'int':
      return content === 0n ? {} : { int_value: Number(content) };
    case 'float':
      return content === 0 ? {} : { double_value: content };
    case 'bool':
      return content ? { bool_value: true } : {};
    case 'duration':
      return { string_value: formatDuration(content) };
    default:
      return content === '' ? {} : { string_value: content };
  }
}

function seriesLine({ labels, values }: Series): string {
  const printed = [...labels]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${/[.:]/.test(name) ? JSON.stringify(name) : name}=${JSON.stringify(labelText(value))}`);
  return `{${printed.join(', ')}} [${values.join(' ')}]`;
}

function labelText(value: Static | undefined): string {
  if (value === undefined) return '<nil>';
  if (value.type === 'string') return value.value === '' ? '<empty>' : value.value;
  return value.type === 'int' ? `int(${value.value})` : printStatic(value);
}

/** Numbers of both are computed in different orders, so the last digits differ. */
function rounded(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replaceAll(/\d+\.\d+/g, (digits) => Number(digits).toPrecision(10))).toSorted();
}

const deviations = new Map(recordedDeviations().map((deviation) => [deviation.query, deviation]));
const documentation = readFileSync(new URL('../../../docs/traceql.md', import.meta.url), 'utf8');

describe('the evaluation answers as Tempo does', () => {
  const same = recordedAnswers().filter(({ query }) => !deviations.has(query));

  it.each(same.map(({ query, lines }) => [query, lines] as const))('%s', (query, lines) => {
    // Of roots that start at the same time the one with the lesser id counts here.
    expect(rounded(answer(query))).toEqual(rounded(lines.map((line) => line.replace('multi/RB', 'multi/RA'))));
  });
});

describe('the evaluation is right where Tempo is not', () => {
  it.each(recordedDeviations().map(({ query, lines, reason }) => [query, reason, lines] as const))(
    '%s: %s',
    (query, _, lines) => {
      expect(rounded(answer(query))).toEqual(rounded(lines));
      const recorded = recordedAnswers().find((candidate) => candidate.query === query);
      expect(rounded(recorded?.lines ?? [])).not.toEqual(rounded(lines));
    },
  );

  it('for reasons that docs/traceql.md has', () => {
    const reasons = new Set(recordedDeviations().map(({ reason }) => reason));
    expect([...reasons].filter((reason) => !documentation.includes(`**${reason}.**`))).toEqual([]);
  });
});
