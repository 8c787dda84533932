import {
  compareStatics,
  isNumeric,
  type MetricsOperator,
  type Scalar,
  type SecondStage,
  type Static,
} from '@spandrel/traceql';
import { keyOf } from './otlp-values.js';

/** Values of one set of labels, one for each interval of a grid; NaN is no sample. A label that is undefined is nil. */
export interface Series {
  readonly labels: ReadonlyMap<string, Static | undefined>;
  readonly values: readonly number[];
}

/** Apply what follows a metrics function: topk, bottomk, comparisons. Series without samples are left out. */
export function applySecondStages(series: readonly Series[], stages: readonly SecondStage[]): readonly Series[] {
  return stages.reduce(applySecondStage, series.filter(hasSample));
}

function applySecondStage(series: readonly Series[], stage: SecondStage): readonly Series[] {
  if (stage.node === 'sampleFilter') {
    const right: Static = { type: 'float', value: numberOf(stage.value) };
    const passes = (value: number) => compareStatics(stage.operator, { type: 'float', value }, right) === true;
    return series
      .map(({ labels, values }) => ({ labels, values: values.map((value) => (passes(value) ? value : Number.NaN)) }))
      .filter(hasSample);
  }
  const limit = stage.limit > BigInt(series.length) ? series.length : Number(stage.limit);
  const isTop = stage.node === 'topk';
  const sorted = sortSeries(series);
  const kept = sorted.map(({ values }) => Array.from({ length: values.length }, () => Number.NaN));
  for (let interval = 0; interval < (sorted[0]?.values.length ?? 0); interval += 1) {
    const ranked = sorted
      .map(({ values }, position) => ({ position, value: values[interval] ?? Number.NaN }))
      .filter(({ value }) => !Number.isNaN(value))
      // Of equal values topk keeps the earlier labels, bottomk the later ones.
      .toSorted((a, b) =>
        isTop ? b.value - a.value || a.position - b.position : a.value - b.value || b.position - a.position,
      );
    for (const { position, value } of ranked.slice(0, limit)) {
      const values = kept[position];
      if (values !== undefined) values[interval] = value;
    }
  }
  return sorted.map(({ labels }, position) => ({ labels, values: kept[position] ?? [] })).filter(hasSample);
}

/** Compute with the series of both sides that have the same labels. Series without labels fit all others. */
export function combineSeries(
  operator: MetricsOperator,
  left: readonly Series[] | number,
  right: readonly Series[] | number,
): readonly Series[] {
  if (typeof left === 'number') {
    if (typeof right === 'number') return [];
    return right.map(({ labels, values }) => ({
      labels,
      values: values.map((value) => calculate(operator, left, value)),
    }));
  }
  if (typeof right === 'number')
    return left.map(({ labels, values }) => ({
      labels,
      values: values.map((value) => calculate(operator, value, right)),
    }));
  const byLabels = Map.groupBy(right, (series) => labelsKey(ownLabels(series)));
  const unlabelled = right.filter((series) => ownLabels(series).size === 0);
  return left.flatMap((one) => {
    const labels = ownLabels(one);
    const others = labels.size === 0 ? right : [...(byLabels.get(labelsKey(labels)) ?? []), ...unlabelled];
    return others.map((other) => pairOf(operator, one, other));
  });
}

function pairOf(operator: MetricsOperator, one: Series, other: Series): Series {
  const values = one.values.map((value, n) => calculate(operator, value, other.values[n] ?? Number.NaN));
  const [left, right] = [ownLabels(one), ownLabels(other)];
  if (left.size > 0 || right.size > 0) return { labels: left.size > 0 ? left : right, values };
  const name: Static = { type: 'string', value: `(${nameOf(one)} ${operator} ${nameOf(other)})` };
  return { labels: new Map([['__name__', name]]), values };
}

/** Sort series: those with fewer labels first, then by keys and values. */
export function sortSeries(series: readonly Series[]): readonly Series[] {
  return series
    .map((one) => ({ one, key: labelsKey(one.labels) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ one }) => one);
}

/** A text that is the same for the same labels. */
export function labelsKey(labels: ReadonlyMap<string, Static | undefined>): string {
  return [...labels]
    .map(([name, value]) => `${name}=${keyOf(value)}`)
    .toSorted()
    .join('\n');
}

/** The number of a constant of a query. */
export function numberOf(scalar: Scalar): number {
  return scalar.node === 'literal' && isNumeric(scalar.value) ? Number(scalar.value.value) : Number.NaN;
}

function ownLabels({ labels }: Series): ReadonlyMap<string, Static | undefined> {
  return new Map([...labels].filter(([name]) => name !== '__name__'));
}

function nameOf({ labels }: Series): string {
  const name = labels.get('__name__');
  return name?.type === 'string' ? name.value : '';
}

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

function hasSample({ values }: Series): boolean {
  return values.some((value) => !Number.isNaN(value));
}

/** The quantile of values in buckets: interpolated within the bucket of its rank, by the logarithm. */
export function quantileOfBuckets(counts: ReadonlyMap<number, number>, quantile: number): number {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const rank = Math.max(1, Math.ceil(quantile * total));
  let before = 0;
  let lower: number | undefined;
  for (const [upper, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    if (before + count >= rank) {
      const [low, high] = [Math.log2(lower ?? upper / 2), Math.log2(upper)];
      return 2 ** (low + ((high - low) * (rank - before)) / count);
    }
    before += count;
    lower = upper;
  }
  return 0;
}
