/** Metrics: series of the spans that a pipeline keeps. */
import {
  type Attribute,
  type Compare,
  compareStatics,
  type Intrinsic,
  isNumeric,
  type MetricsExpression,
  type MetricsOperand,
  type MetricsOperator,
  type OverTime,
  printField,
  type Query,
  type Scalar,
  type SecondStage,
  simplifyQuery,
  type Static,
} from '@spandrel/traceql';
import { fieldOf, fulfils, isNumber } from './field-evaluation.ts';
import { evaluatePipeline, keyOf, percentile, scalarValue } from './search-evaluation.ts';
import { type AttributeValue, placementOf, type SpanModel, type TraceModel } from './trace-model.ts';

/** The grid of a query: `(start + i * step, start + (i + 1) * step]`, in nanoseconds since 1970. */
export interface Grid {
  readonly start: bigint;
  readonly step: bigint;
  readonly count: number;
}

/** Values of one set of labels, one for each interval; NaN is no sample. A label that is undefined is nil. */
export interface Series {
  readonly labels: ReadonlyMap<string, Static | undefined>;
  readonly values: readonly number[];
}

/**
 * Answers a query of metrics. A series without a sample is left out. Order: by labels.
 *
 * @throws {EvaluationError} as `search` does
 * @throws {TypeError} if the query is a search
 */
export function queryRange(query: Query, traces: readonly TraceModel[], grid: Grid): readonly Series[] {
  const { body, hints } = simplifyQuery(query);
  if (body.node === 'pipeline') throw new TypeError('the query is a search');
  const isExact = hints.some(({ name, value }) => name === 'exact' && value.type === 'bool' && value.value);
  return sortSeries(new MetricsEvaluation(traces, grid, isExact).evaluate(body));
}

class MetricsEvaluation {
  readonly #traces: readonly TraceModel[];
  readonly #grid: Grid;
  readonly #isExact: boolean;

  constructor(traces: readonly TraceModel[], grid: Grid, isExact: boolean) {
    this.#traces = traces;
    this.#grid = grid;
    this.#isExact = isExact;
  }

  evaluate(metrics: MetricsExpression): readonly Series[] {
    const series =
      metrics.node === 'metricsPipeline'
        ? this.#pipeline(metrics)
        : this.#combine(metrics.operator, this.#operand(metrics.left), this.#operand(metrics.right));
    return metrics.secondStages.reduce(applySecondStage, series.filter(hasSample));
  }

  #operand(operand: MetricsOperand): readonly Series[] | number {
    return operand.node === 'metricsPipeline' || operand.node === 'metricsOperation'
      ? this.evaluate(operand)
      : numberOf(operand);
  }

  #pipeline({
    pipeline,
    function: metrics,
  }: Extract<MetricsExpression, { node: 'metricsPipeline' }>): readonly Series[] {
    const spans = this.#traces
      .flatMap((trace) => evaluatePipeline(pipeline, trace))
      .flatMap((spanset) => spanset.spans)
      .filter((span) => this.#intervalOf(span) !== undefined);
    return metrics.node === 'compare' ? this.#compare(metrics, spans) : this.#overTime(metrics, spans);
  }

  #intervalOf({ start }: SpanModel): number | undefined {
    const { start: from, step, count } = this.#grid;
    const offset = start - from;
    const interval = Number((offset + step - 1n) / step) - 1;
    return offset > 0n && interval < count ? interval : undefined;
  }

  #overTime(metrics: OverTime, spans: readonly SpanModel[]): readonly Series[] {
    const { name, field, by, quantiles } = metrics;
    const groups = [...Map.groupBy(spans, (span) => by.map((label) => labelKey(span, label)).join('\n')).values()];
    // Without labels there is one series, even of no span.
    const isCount = name === 'rate' || name === 'count_over_time';
    if (groups.length === 0 && by.length === 0 && isCount) groups.push([]);
    return groups.flatMap((group) => {
      const labels = groupLabels(group[0], by);
      const named = by.length === 0 ? new Map([['__name__', text(name)]]) : labels;
      if (field === undefined) {
        const perSecond = name === 'rate' ? Number(this.#grid.step) / 1e9 : 1;
        const values = this.#intervals(group).map((found) => found.length / perSecond);
        return [{ labels: named, values }];
      }
      const intervals = this.#intervals(group).map((found) => measure(found, field));
      switch (name) {
        case 'histogram_over_time':
          return histogram(intervals, labels);
        case 'quantile_over_time':
          return quantiles.map((quantile) => ({
            labels: new Map([...labels, ['p', { type: 'float', value: quantile } as const]]),
            values: intervals.map((measures) => (this.#isExact ? exactly : fromBuckets)(measures, quantile)),
          }));
        default:
          return [{ labels: named, values: intervals.map((measures) => combine(name, measures)) }];
      }
    });
  }

  #intervals(spans: readonly SpanModel[]): readonly SpanModel[][] {
    const intervals = Array.from({ length: this.#grid.count }, (): SpanModel[] => []);
    for (const span of spans) intervals[this.#intervalOf(span) ?? -1]?.push(span);
    return intervals;
  }

  #compare({ selection, topN, window }: Compare, spans: readonly SpanModel[]): readonly Series[] {
    const isSelected = (span: SpanModel) =>
      (window === undefined || (span.start >= window.start && span.start <= window.end)) &&
      fulfils({ span }, selection.condition);
    const bySide = { selection: spans.filter(isSelected), baseline: spans.filter((span) => !isSelected(span)) };
    return Object.entries(bySide).flatMap(([side, chosen]) => {
      const counts = new Map<string, Map<string, { value: AttributeValue; spans: SpanModel[] }>>();
      for (const span of chosen)
        for (const [name, value] of comparedFields(span)) {
          const values = counts.get(name) ?? new Map<string, { value: AttributeValue; spans: SpanModel[] }>();
          counts.set(name, values);
          const constant = Array.isArray(value) ? undefined : (value as Static | undefined);
          const entry = values.get(keyOf(constant)) ?? { value: constant, spans: [] };
          values.set(keyOf(constant), entry);
          entry.spans.push(span);
        }
      return [...counts].flatMap(([name, values]) => {
        const sorted = [...values].toSorted(
          ([a, one], [b, other]) => other.spans.length - one.spans.length || (a < b ? -1 : 1),
        );
        const top = sorted.slice(0, topN).map(([, { value, spans }]) => this.#counts(side, name, value, spans));
        const all = sorted.flatMap(([, { spans }]) => spans);
        return [...top, this.#counts(`${side}_total`, name, undefined, all)];
      });
    });
  }

  #counts(meta: string, name: string, value: AttributeValue, spans: readonly SpanModel[]): Series {
    const labels = new Map<string, Static | undefined>([
      ['__meta_type', text(meta)],
      [name, value as Static | undefined],
    ]);
    return { labels, values: this.#intervals(spans).map(({ length }) => length) };
  }

  #combine(
    operator: MetricsOperator,
    left: readonly Series[] | number,
    right: readonly Series[] | number,
  ): readonly Series[] {
    const apply = (a: readonly number[] | number, b: readonly number[] | number) =>
      Array.from({ length: this.#grid.count }, (_, index) => {
        const [x, y] = [a, b].map((side) => (typeof side === 'number' ? side : (side[index] ?? Number.NaN)));
        return calculate(operator, x ?? Number.NaN, y ?? Number.NaN);
      });
    if (typeof left === 'number' && typeof right === 'number') return [];
    if (typeof left === 'number')
      return (right as readonly Series[]).map((series) => ({ ...series, values: apply(left, series.values) }));
    if (typeof right === 'number') return left.map((series) => ({ ...series, values: apply(series.values, right) }));
    return left.flatMap((one) =>
      right.flatMap((other): readonly Series[] => {
        const [a, b] = [ownLabels(one), ownLabels(other)];
        if (a.size > 0 && b.size > 0 && labelsKey(a) !== labelsKey(b)) return [];
        const values = apply(one.values, other.values);
        if (a.size > 0 || b.size > 0) return [{ labels: a.size > 0 ? a : b, values }];
        const name = `(${nameOf(one)} ${operator} ${nameOf(other)})`;
        return [{ labels: new Map([['__name__', text(name)]]), values }];
      }),
    );
  }
}

function ownLabels({ labels }: Series): ReadonlyMap<string, Static | undefined> {
  return new Map([...labels].filter(([name]) => name !== '__name__'));
}

function nameOf({ labels }: Series): string {
  const name = labels.get('__name__');
  return name?.type === 'string' ? name.value : '';
}

/** The label is that of the first nil if all are nil; otherwise nil labels are left out. */
function groupLabels(
  span: SpanModel | undefined,
  by: readonly (Attribute | Intrinsic)[],
): ReadonlyMap<string, Static | undefined> {
  if (span === undefined) return new Map();
  const labels = by.map((label) => [printField(label), scalarValue({ span }, label)] as const);
  const present = labels.filter(([, value]) => value !== undefined);
  return new Map(present.length > 0 ? present : labels.slice(0, 1));
}

function labelKey(span: SpanModel, label: Attribute | Intrinsic): string {
  return keyOf(scalarValue({ span }, label));
}

/** A number of a span as functions over time take it. */
interface Measure {
  readonly type: 'int' | 'float' | 'duration';
  /** Of `duration` seconds, otherwise as it is; durations in nanoseconds. */
  readonly value: number;
  readonly raw: number;
}

function measure(spans: readonly SpanModel[], field: Attribute | Intrinsic): readonly Measure[] {
  const isDuration = field.node === 'intrinsic' && field.name === 'duration';
  return spans.flatMap((span) => {
    const value = fieldOf({ span }, field);
    if (!isNumber(value)) return [];
    const raw = Number(value.value);
    return [{ type: value.type, raw, value: isDuration ? raw / 1e9 : raw }];
  });
}

function combine(name: OverTime['name'], measures: readonly Measure[]): number {
  const values = measures.map(({ value }) => value);
  if (values.length === 0) return Number.NaN;
  switch (name) {
    case 'min_over_time':
      return values.reduce((a, b) => Math.min(a, b));
    case 'max_over_time':
      return values.reduce((a, b) => Math.max(a, b));
    case 'sum_over_time':
      return values.reduce((a, b) => a + b);
    default:
      return values.reduce((a, b) => a + b) / values.length;
  }
}

/** The least power of two that is not less than a value; floats, 0 and 1 have no bucket. */
function bucketOf({ type, raw }: Measure): readonly [] | readonly [number] {
  return type === 'float' || raw < 2 ? [] : [2 ** Math.ceil(Math.log2(raw))];
}

/** Buckets of durations are in seconds. */
function boundOf(bucket: number, { type }: Measure): number {
  return type === 'duration' ? bucket / 1e9 : bucket;
}

function histogram(
  intervals: readonly (readonly Measure[])[],
  labels: ReadonlyMap<string, Static | undefined>,
): readonly Series[] {
  const bucketed = intervals.map((measures) =>
    measures.flatMap((found) => bucketOf(found).map((bucket) => boundOf(bucket, found))),
  );
  return [...new Set(bucketed.flat())].map((bound) => ({
    labels: new Map([...labels, ['__bucket', { type: 'float', value: bound } as const]]),
    values: bucketed.map((bounds) => bounds.filter((other) => other === bound).length),
  }));
}

/** Interpolates within the bucket of the rank, from the bound of the bucket before it that has values. */
function fromBuckets(measures: readonly Measure[], quantile: number): number {
  const counts = new Map<number, number>();
  for (const found of measures) for (const bucket of bucketOf(found)) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  const [sample] = measures;
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  if (sample === undefined || total === 0) return 0;
  const rank = Math.max(1, Math.ceil(quantile * total));
  let before = 0;
  let lower: number | undefined;
  for (const [upper, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    if (before + count >= rank) {
      const [low, high] = [Math.log2(lower ?? upper / 2), Math.log2(upper)];
      return boundOf(2 ** (low + ((high - low) * (rank - before)) / count), sample);
    }
    before += count;
    lower = upper;
  }
  return 0;
}

/** With the hint `exact`: the percentile of the values themselves. */
function exactly(measures: readonly Measure[], quantile: number): number {
  return measures.length === 0
    ? 0
    : percentile(
        measures.map(({ value }) => value),
        quantile,
      );
}

function* comparedFields(span: SpanModel): Generator<readonly [string, AttributeValue]> {
  for (const [key, value] of span.attributes) yield [`span.${key}`, value];
  for (const [key, value] of span.resource) yield [`resource.${key}`, value];
  for (const [key, value] of span.scope) yield [`instrumentation.${key}`, value];
  for (const name of comparedIntrinsics) yield [name, fieldOf({ span }, { node: 'intrinsic', name, from: 0, to: 0 })];
  yield ['span:childCount', { type: 'int', value: BigInt(placementOf(span).children) }];
}

const comparedIntrinsics = [
  'name',
  'status',
  'statusMessage',
  'kind',
  'rootName',
  'rootServiceName',
  'instrumentation:name',
  'instrumentation:version',
] as const;

function calculate(operator: MetricsOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? Number.NaN : left / right;
  }
}

function applySecondStage(series: readonly Series[], stage: SecondStage): readonly Series[] {
  if (stage.node === 'sampleFilter') {
    const constant: Static = { type: 'float', value: numberOf(stage.value) };
    const filtered = series.map(({ labels, values }) => ({
      labels,
      values: values.map((value) =>
        compareStatics(stage.operator, { type: 'float', value }, constant) === true ? value : Number.NaN,
      ),
    }));
    return filtered.filter(hasSample);
  }
  const limit = Number(stage.limit);
  const sorted = sortSeries(series);
  // Of equal values topk keeps the earlier labels, bottomk the later ones.
  const isTop = stage.node === 'topk';
  const length = sorted[0]?.values.length ?? 0;
  const kept = sorted.map(() => Array.from({ length }, () => Number.NaN));
  for (let index = 0; index < length; index += 1) {
    const ranked = sorted
      .map(({ values }, position) => ({ position, value: values[index] ?? Number.NaN }))
      .filter(({ value }) => !Number.isNaN(value))
      .toSorted((a, b) =>
        isTop ? b.value - a.value || a.position - b.position : a.value - b.value || b.position - a.position,
      );
    for (const { position, value } of ranked.slice(0, limit)) (kept[position] as number[])[index] = value;
  }
  return sorted.map(({ labels }, position) => ({ labels, values: kept[position] ?? [] })).filter(hasSample);
}

function hasSample({ values }: Series): boolean {
  return values.some((value) => !Number.isNaN(value));
}

function numberOf(scalar: Scalar): number {
  if (scalar.node !== 'literal' || !isNumeric(scalar.value)) return Number.NaN;
  return Number(scalar.value.value);
}

function sortSeries(series: readonly Series[]): readonly Series[] {
  return series.toSorted((a, b) => (labelsKey(a.labels) < labelsKey(b.labels) ? -1 : 1));
}

function labelsKey(labels: ReadonlyMap<string, Static | undefined>): string {
  return [...labels]
    .map(([name, value]) => `${name}=${keyOf(value)}`)
    .toSorted()
    .join('\n');
}

function text(value: string): Static {
  return { type: 'string', value };
}
