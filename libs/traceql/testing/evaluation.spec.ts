import type { OtlpAttribute, OtlpDocument, OtlpSpan, OtlpValue } from '@spandrel/trace-files';
import { parseQuery } from '@spandrel/traceql';
import { describe, expect, it } from 'vitest';
import { queryRange } from './metrics-evaluation.ts';
import { EvaluationError, search } from './search-evaluation.ts';
import { placementOf, readTraces } from './trace-model.ts';

interface TestSpan {
  readonly id: number;
  readonly parent?: number;
  readonly kind?: number;
  readonly ms?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly events?: readonly Readonly<Record<string, unknown>>[];
  readonly links?: readonly Readonly<Record<string, unknown>>[];
}

/** A request with spans of one trace; a span is called by its id and starts that many seconds after 1970. */
function request(spans: readonly TestSpan[], resource: Readonly<Record<string, unknown>> = {}): OtlpDocument {
  return {
    resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans: [{ spans: spans.map(otlpSpan) }] }],
  };
}

function otlpSpan({ id, parent = 0, kind = 1, ms = id, ...span }: TestSpan): OtlpSpan {
  const start = BigInt(id) * 1_000_000_000n;
  return {
    traceId: '0000000000000000000000000000000a',
    spanId: id.toString(16).padStart(16, '0'),
    parentSpanId: parent.toString(16).padStart(16, '0'),
    name: `s${id}`,
    kind,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(ms) * 1_000_000n),
    attributes: attributes(span.attributes ?? {}),
    events: (span.events ?? []).map((event) => ({ name: 'e', attributes: attributes(event) })),
    links: (span.links ?? []).map((link) => ({ attributes: attributes(link) })),
  };
}

function attributes(values: Readonly<Record<string, unknown>>): readonly OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: otlpValue(value) }));
}

function otlpValue(value: unknown): OtlpValue {
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(otlpValue) } };
  return typeof value === 'string' ? { stringValue: value } : { kvlistValue: { values: [] } };
}

/** The sets of spans that a query finds, as names. */
function found(text: string, ...documents: readonly OtlpDocument[]): readonly string[] {
  const traces = search(parseQuery(text), readTraces(documents));
  return traces.flatMap(({ spansets }) => spansets.map(({ spans }) => spans.map(({ name }) => name).join(' ')));
}

const tree = request(
  [
    { id: 1, attributes: { a: 1n, b: true, 'x y': 'q' } },
    { id: 2, parent: 1, attributes: { a: 2n, s: 'u' } },
    { id: 3, parent: 1, attributes: { a: 2.5, s: 'v' } },
    { id: 4, parent: 2, attributes: { s: 'u', list: ['p', 'q'], odd: {} } },
    { id: 5, parent: 99, attributes: { a: 7n } },
  ],
  { 'service.name': 'svc', a: 100n },
);

describe('filters', () => {
  it.each<[string, string]>([
    ['{ span.a = 2 }', 's2'],
    ['{ span.a = 2.5 }', 's3'],
    ['{ span.a > 1 }', 's2 s5'],
    ['{ span.a > 1.0 }', 's3'],
    ['{ span.a + 0 > 1.0 }', 's2 s3 s5'],
    ['{ .a = 100 }', 's4'],
    ['{ .a = nil }', ''],
    ['{ span.a = nil }', 's4'],
    ['{ span.odd != nil || span.odd = "x" }', ''],
    ['{ span.list = "p" && span.list = "q" }', 's4'],
    ['{ span.list != "p" }', ''],
    ['{ span.list != "z" }', 's4'],
    ['{ span.list != 1 }', ''],
    ['{ span."x y" =~ "Q|q" }', 's1'],
    ['{ span.s =~ "u" || span.s =~ "x" }', 's2 s4'],
    ['{ !(span.s = "u") }', 's1 s3 s5'],
    ['{ !span.b }', ''],
    ['{ -span.s = 1 || span.a / 0 = 1 }', ''],
    ['{ span.a ^ 2 = 4 }', 's2'],
    ['{ span.b && span.a = 1 }', 's1'],
    ['{ duration >= 3ms && duration < 5000000 }', 's3 s4'],
    ['{ traceDuration = 4.005s }', 's1 s2 s3 s4 s5'],
    ['{ trace:id = "0a" && span:id = "0000000000000002" }', 's2'],
    ['{ span:childCount = 2 }', 's1'],
    ['{ rootName = "s1" && rootServiceName = "svc" && name = "s5" }', 's5'],
  ])('%s finds %j', (text, names) => {
    expect(found(text, tree).join('|')).toBe(names);
  });

  it.each<[string, string]>([
    ['{ parent.a = 1 }', 's2 s3'],
    ['{ parent.span.a = span.a }', ''],
    ['{ parent.span.a < span.a }', 's2 s3'],
    ['{ parent.resource.a = 100 }', 's2 s3 s4'],
    ['{ parent.span.a = nil }', 's1 s5'],
  ])('%s, an extension, finds %j', (text, names) => {
    expect(found(text, tree).join('|')).toBe(names);
  });

  const nested = request([
    { id: 1, events: [{ k: 'a', j: 1n }, { k: 'b' }], links: [{ l: 'x' }] },
    { id: 2, parent: 1, events: [{ k: 'b', j: 1n }] },
    { id: 3, parent: 1 },
  ]);

  it.each<[string, string]>([
    ['{ event.k = "b" }', 's1 s2'],
    ['{ event.k = "b" && event.j = 1 }', 's2'],
    ['{ event.k = "a" && event.k = "b" }', ''],
    ['{ event.k = "a" } && { event.k = "b" }', 's1 s2'],
    ['{ event.k != "b" }', 's1'],
    ['{ !(event.k = "b") }', 's3'],
    ['{ event.j = nil }', 's1'],
    ['{ event.none = nil }', 's1 s2'],
    ['{ event:name != nil }', 's1 s2'],
    ['{ link.l = "x" && event.k = "a" }', 's1'],
    ['{ (event.k = "a" || name = "s3") && name != "s2" }', 's1 s3'],
  ])('%s about events finds %j', (text, names) => {
    expect(found(text, nested).join('|')).toBe(names);
  });
});

describe('sets of spans', () => {
  it.each<[string, string]>([
    ['{ name = "s1" } > {}', 's2 s3'],
    ['{ name = "s1" } >> {}', 's2 s3 s4'],
    ['{ name = "s4" } < {}', 's2'],
    ['{ name = "s4" } << {}', 's1 s2'],
    ['{ name = "s2" } ~ {}', 's3'],
    ['{ name = "s1" } !> {}', 's1 s4 s5'],
    ['{ name = "none" } !>> { span.s = "u" }', 's2 s4'],
    ['{ span.s = "u" } !~ { span.s = "v" }', ''],
    ['{ name = "s1" } &>> { span.s = "u" }', 's1 s2 s4'],
    ['{ name = "s5" } &> {}', ''],
    ['{} > {} > {}', 's4'],
    ['{ name = "s1" } && { name = "none" }', ''],
    ['{ name = "s1" } || { name = "none" }', 's1'],
    ['({ span.s = "u" } | count() > 1) >> ({ name = "s4" })', 's4'],
    ['{} | by(span.s)', 's1 s5|s2 s4|s3'],
    ['{} | by(span.s) | count() = 2 | coalesce()', 's1 s2 s4 s5'],
    ['{} | by(span.s) | by(duration > 2ms)', 's1|s5|s2|s4|s3'],
    ['{ span.s != nil } | count() = 3', 's2 s3 s4'],
    ['{} | sum(span.a) = 10', 's1 s2 s3 s4 s5'],
    ['{} | max(duration) > 4ms', 's1 s2 s3 s4 s5'],
    ['{ span.s = "u" } | select(span.a) | { span.a = 2 }', 's2'],
  ])('%s are %j', (text, names) => {
    expect(found(text, tree).join('|')).toBe(names);
  });

  it.each<[string, string]>([
    ['{} | 4 < count()', 's1 s2 s3 s4 s5'],
    ['{} | max(duration) > 4 * min(duration)', 's1 s2 s3 s4 s5'],
    ['{} | max(duration) > 5 * min(duration)', ''],
    ['({ span.s = "u" } | count()) > ({ span.s = "v" } | count())', 's2 s3 s4'],
    ['({ span.s = "w" } | count()) + 1 > ({ span.s = "v" } | count())', ''],
    ['{} | count_distinct(span.s) = 2', 's1 s2 s3 s4 s5'],
    ['{} | quantile(duration, 0.5) = 3ms', 's1 s2 s3 s4 s5'],
  ])('%s, an extension, are %j', (text, names) => {
    expect(found(text, tree).join('|')).toBe(names);
  });

  it('are refused as a side of an operator when there are several', () => {
    expect(() => found('({} | by(span.s)) >> ({})', tree)).toThrow(EvaluationError);
  });

  it('include late parts of a trace', () => {
    const late = request([{ id: 6, parent: 4 }]);
    expect(found('{ name = "s2" } >> { name = "s6" }', tree, late)).toEqual(['s6']);
  });
});

describe('the numbers of spans', () => {
  const numbers = (document: OtlpDocument) =>
    readTraces([document]).flatMap(({ spans }) =>
      spans.map((span) => {
        const { left, right, parent } = placementOf(span);
        return [left, right, parent];
      }),
    );

  it('count on over several roots', () => {
    expect(numbers(request([{ id: 1 }, { id: 2 }, { id: 3, parent: 1 }]))).toEqual([
      [1, 4, -1],
      [5, 6, -1],
      [2, 3, 1],
    ]);
  });

  it('are zeros below a parent that is not stored and in a cycle', () => {
    const document = request([{ id: 1 }, { id: 2, parent: 9 }, { id: 3, parent: 4 }, { id: 4, parent: 3 }]);
    expect(numbers(document)).toEqual([
      [1, 2, -1],
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('put a server below the client that has its id', () => {
    const document = request([
      { id: 1, kind: 3 },
      { id: 2, parent: 1 },
    ]);
    const server = request([{ id: 1, kind: 2 }]);
    const trace = readTraces([document, server])[0];
    const byKind = Object.fromEntries((trace?.spans ?? []).map((span) => [span.kind, placementOf(span).left]));
    expect(byKind).toEqual({ client: 1, server: 2, internal: 3 });
  });

  it('are zeros in a trace with three spans of one id, but for the parent of roots', () => {
    expect(numbers(request([{ id: 1 }, { id: 1 }, { id: 1, parent: 2 }]))).toEqual([
      [0, 0, -1],
      [0, 0, -1],
      [0, 0, 0],
    ]);
  });
});

describe('metrics', () => {
  const grid = { start: 0n, step: 2_000_000_000n, count: 3 };
  const series = (text: string) =>
    queryRange(parseQuery(text), readTraces([tree]), grid).map(
      ({ labels, values }) =>
        `${[...labels].map(([name, value]) => `${name}=${value?.type === 'nil' ? '' : String(value?.value)}`).join()} ${values.join(' ')}`,
    );

  it.each<[string, readonly string[]]>([
    ['{} | count_over_time()', ['__name__=count_over_time 2 2 1']],
    ['{} | rate()', ['__name__=rate 1 1 0.5']],
    ['{ false } | rate()', ['__name__=rate 0 0 0']],
    ['{ false } | rate() by(name)', []],
    ['{} | count_over_time() by(span.s)', ['span.s=undefined 1 0 1', 'span.s=u 1 1 0', 'span.s=v 0 1 0']],
    ['{} | max_over_time(duration)', ['__name__=max_over_time 0.002 0.004 0.005']],
    ['{} | sum_over_time(span.a)', ['__name__=sum_over_time 3 2.5 7']],
    ['{} | histogram_over_time(span.a)', ['__bucket=2 1 0 0', '__bucket=8 0 0 1']],
    ['{} | quantile_over_time(duration, 0.5) with(exact=true)', ['p=0.5 0.0015 0.0035 0.005']],
    ['{} | count_over_time() by(name) | topk(1)', ['name=s1 1 NaN NaN', 'name=s3 NaN 1 NaN', 'name=s5 NaN NaN 1']],
    ['{} | count_over_time() > 1', ['__name__=count_over_time 2 2 NaN']],
    ['({} | rate()) * 2 + ({} | rate())', ['__name__=(rate + rate) 3 3 1.5']],
    ['1 / ({ name = "s1" } | count_over_time())', ['__name__=count_over_time 1 NaN NaN']],
    [
      '({} | count_over_time() by(span.s)) - ({} | count_over_time())',
      ['span.s=undefined -1 -2 0', 'span.s=u -1 -1 -1', 'span.s=v -2 -1 -1'],
    ],
    ['{ span.s != nil } | by(span.s) | count() > 1 | rate()', ['__name__=rate 0.5 0.5 0']],
  ])('%s', (text, lines) => {
    expect(series(text).toSorted()).toEqual([...lines].toSorted());
  });

  it('leave out spans at the start of the range and after its end', () => {
    const late = { start: 1_000_000_000n, step: 1_000_000_000n, count: 2 };
    expect(queryRange(parseQuery('{} | count_over_time()'), readTraces([tree]), late)[0]?.values).toEqual([1, 1]);
  });

  it('compare counts the values of selected spans and of the others', () => {
    const lines = series('{} | compare({ span.s = "u" }, 1)').filter((line) => line.includes('span.s'));
    expect(lines).toEqual([
      '__meta_type=baseline,span.s=v 0 1 0',
      '__meta_type=baseline_total,span.s=undefined 0 1 0',
      '__meta_type=selection,span.s=u 1 1 0',
      '__meta_type=selection_total,span.s=undefined 1 1 0',
    ]);
  });
});
