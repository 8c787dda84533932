import {
  type Attribute,
  type Compare,
  type Intrinsic,
  type MetricsExpression,
  type MetricsOperand,
  type OverTime,
  type Pipeline,
  printField,
  type Query,
  type Static,
} from '@spandrel/traceql';
import type { QueryResultRow } from 'pg';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import {
  allOf,
  type BoundStatement,
  constant,
  type Fragment,
  listOf,
  type NoArguments,
  readFragments,
  readSql,
} from '../../sql.js';
import type { Condition } from '../filter/condition.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import type { ResponseReservation } from '../response-memory.js';
import { traceIdOf } from '../span-id.js';
import { clampUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { expressionsOf, needsOf, type Needs, operationsOf } from './expressions.js';
import { conditionSql, type Value, valueSql } from './field-sql.js';
import { Necessary } from './necessary.js';
import { type AttributeValue, keyValueOf, readJson, valueOf } from './otlp-values.js';
import { groupValue, pipelineSql } from './pipeline-sql.js';
import { requireSets, requireSize } from './query-bounds.js';
import type { TraceqlExemplar, TraceqlGrid, TraceqlMetricsResult, TraceqlSeries } from './results.js';
import {
  applySecondStages,
  combineSeries,
  labelsKey,
  numberOf,
  quantileOfBuckets,
  type Series,
  sortSeries,
} from './series.js';
import { spanColumns, tracesOfRange } from './whole-traces.js';
import { withJoins } from './with-joins.js';

type Names = {
  readonly spans: Fragment;
  readonly source: Fragment;
  readonly traces: Fragment;
  readonly relations: Fragment;
  readonly found: string;
  readonly condition: Fragment;
  readonly labels: Fragment;
  readonly value: Fragment;
  readonly bucket: Fragment;
  readonly columns: Fragment;
  readonly start_ns: string;
  readonly end_ns: string;
  readonly step_ns: string;
  readonly quantiles: readonly number[];
  readonly limit: number;
  readonly top: number;
};
type GridNames = Pick<Names, 'start_ns' | 'end_ns' | 'step_ns'>;

const statements = readFragments<{
  readonly in_range: GridNames & Pick<Names, 'source' | 'condition'>;
  readonly of_traces: GridNames & Pick<Names, 'found'>;
  readonly with_traces: Pick<Names, 'traces' | 'relations' | 'spans'>;
  readonly no_labels: NoArguments;
  readonly labels: Pick<Names, 'columns'>;
  readonly counts: Pick<Names, 'labels' | 'spans' | 'limit'>;
  readonly figures: Pick<Names, 'labels' | 'spans' | 'value' | 'limit'>;
  readonly buckets: Pick<Names, 'labels' | 'spans' | 'bucket' | 'limit'>;
  readonly quantiles: Pick<Names, 'labels' | 'spans' | 'value' | 'quantiles' | 'limit'>;
  readonly exemplars: Pick<Names, 'labels' | 'spans' | 'value' | 'limit'>;
  readonly compared: Pick<Names, 'spans' | 'condition' | 'value' | 'top' | 'limit'>;
  readonly compared_value: NoArguments;
  readonly number: Pick<Names, 'value'>;
  readonly native_number: Pick<Names, 'value'>;
  readonly bucket: Pick<Names, 'value'>;
  readonly int_value: Pick<Names, 'value'>;
  readonly dynamic_int: Pick<Names, 'value'>;
  readonly no_number: NoArguments;
  readonly no_bucket: NoArguments;
  readonly in_window: Pick<Names, 'start_ns' | 'end_ns'>;
}>(import.meta.url, 'series.sql', [
  'in_range',
  'of_traces',
  'with_traces',
  'no_labels',
  'labels',
  'counts',
  'figures',
  'buckets',
  'quantiles',
  'exemplars',
  'compared',
  'compared_value',
  'number',
  'native_number',
  'bucket',
  'int_value',
  'dynamic_int',
  'no_number',
  'no_bucket',
  'in_window',
]);
const spansOfRange = readSql<{
  readonly start_min: string;
  readonly start_max: string;
  readonly start_ns: Fragment;
  readonly duration: Fragment;
  readonly events: Fragment;
  readonly links: Fragment;
  readonly may_match: Fragment;
}>(import.meta.url, 'spans-of-range.sql');
const run = readSql<{ readonly statement: Fragment }>(import.meta.url, 'run.sql');
const knownIds = readFragments<Record<'operation' | 'resource' | 'scope', { readonly ids: readonly string[] }>>(
  import.meta.url,
  'known-ids.sql',
  ['operation', 'resource', 'scope'],
);
const checkSets = readSql<{
  readonly traces: Fragment;
  readonly relations: Fragment;
  readonly side_is_grouped: Fragment;
  readonly aggregate_is_grouped: Fragment;
}>(import.meta.url, 'check-sets.sql');

/** A row of an interval and of a set of labels. */
interface LabelledRow extends QueryResultRow {
  readonly i: string;
  readonly labels: string;
}

type CountRow = LabelledRow & { readonly value: number };
type FigureRow = LabelledRow & {
  readonly min_value: number | null;
  readonly max_value: number | null;
  readonly sum_value: number | null;
  readonly count_value: number;
};
type BucketRow = CountRow & { readonly bucket: number | null };
type QuantileRow = LabelledRow & { readonly quantiles: readonly (number | null)[] | null };
type ExemplarRow = LabelledRow & {
  readonly trace_id: string;
  readonly start_ns: string;
  readonly value: number | null;
};
interface ComparedRow extends QueryResultRow {
  readonly is_selected: boolean;
  readonly name: string;
  readonly is_total: boolean;
  readonly value: string | null;
  readonly i: string;
  readonly spans: number;
}

/** Rows of intervals and labels that a statement may return. More would not be a chart. */
const maxRows = 500_000;
const maxSeriesOfServer = 10_000;
const maxExemplars = 100;

/** A query of metrics on its grid. */
export interface MetricsQuery {
  readonly query: Query & { readonly body: MetricsExpression };
  readonly grid: TraceqlGrid;
  /** What rates divide by, in seconds. */
  readonly secondsOfStep: number;
  readonly exemplars: number;
  readonly maxSeries: number;
}

/** Answer a metrics query. @throws TracestoreError */
export async function queryMetrics(
  database: QueryDatabaseService,
  query: MetricsQuery,
  signal?: AbortSignal,
): Promise<TraceqlMetricsResult> {
  return withJoins(database, 'on', signal, (connection, memory) => new MetricsRun(connection, memory, query).result());
}

/** One execution of a metrics query. */
class MetricsRun {
  private readonly isExact: boolean;
  private readonly exemplars: (TraceqlExemplar & { readonly key: string; readonly interval: number })[] = [];
  private leftExemplars: number;

  constructor(
    private readonly connection: QueryConnection,
    private readonly memory: ResponseReservation,
    private readonly query: MetricsQuery,
  ) {
    const { hints } = query.query;
    this.isExact = hints.some(({ name, value }) => name === 'exact' && value.type === 'bool' && value.value);
    const hint = hints.findLast(({ name }) => name === 'exemplars')?.value;
    const wanted =
      hint?.type === 'int'
        ? Number(hint.value)
        : hint?.type === 'bool'
          ? hint.value
            ? maxExemplars
            : 0
          : query.exemplars;
    this.leftExemplars = Math.max(0, Math.min(wanted, maxExemplars));
  }

  async result(): Promise<TraceqlMetricsResult> {
    const { grid, maxSeries } = this.query;
    const all = sortSeries(await this.evaluate(this.query.query.body));
    const limit = maxSeries > 0 ? Math.min(maxSeries, maxSeriesOfServer) : maxSeriesOfServer;
    return {
      series: all.slice(0, limit).map((series) => this.seriesOf(series, grid)),
      isPartial: all.length > limit,
      source: 'spans',
      inspected: { traces: 0, spans: 0 },
    };
  }

  private seriesOf({ labels, values }: Series, { startNs, stepNs }: TraceqlGrid): TraceqlSeries {
    const key = labelsKey(labels);
    return {
      labels: [...labels].map(([name, value]) => keyValueOf(name, value)),
      samples: values.flatMap((value, n) =>
        Number.isNaN(value) ? [] : [{ timestampMs: Number((startNs + stepNs * BigInt(n + 1)) / 1_000_000n), value }],
      ),
      exemplars: this.exemplars
        .filter((exemplar) => exemplar.key === key)
        .map(({ labels: own, value, timestampMs, interval }) => ({
          labels: own,
          value: Number.isNaN(value) ? (values[interval] ?? 0) : value,
          timestampMs,
        })),
    };
  }

  private async evaluate(metrics: MetricsExpression): Promise<readonly Series[]> {
    if (metrics.node === 'metricsOperation') {
      const left = await this.operand(metrics.left);
      const right = await this.operand(metrics.right);
      return applySecondStages(combineSeries(metrics.operator, left, right), metrics.secondStages);
    }
    requireSize(metrics.pipeline);
    const { function: own } = metrics;
    const series =
      own.node === 'compare' ? await this.compare(metrics.pipeline, own) : await this.overTime(metrics.pipeline, own);
    return applySecondStages(series, metrics.secondStages);
  }

  private async operand(operand: MetricsOperand): Promise<readonly Series[] | number> {
    return operand.node === 'metricsPipeline' || operand.node === 'metricsOperation'
      ? this.evaluate(operand)
      : numberOf(operand);
  }

  private async overTime(pipeline: Pipeline, metrics: OverTime): Promise<readonly Series[]> {
    const { name, field, by, quantiles } = metrics;
    const fields = [...by, ...(field === undefined ? [] : [field])];
    const spans = await this.spansOf(
      pipeline,
      needsOf([...pipeline.stages.flatMap(expressionsOf), ...fields], pipeline.stages.flatMap(operationsOf)),
    );
    const labels = labelsSql(by);
    const value = field === undefined ? undefined : valueSql(field);
    const isSeconds = field?.node === 'intrinsic' && field.name === 'duration';
    const names = { spans, labels, limit: maxRows + 1 };
    const of = (own: string) => new Labels(by, own);
    const groups = new Groups(this.query.grid.count, of);
    if (value === undefined) {
      const rows = await this.rows<CountRow>(statements.counts.fragment(names));
      const perSecond = name === 'rate' ? this.query.secondsOfStep : 1;
      for (const row of rows) groups.set(row, 0, row.value / perSecond);
      // Without labels there is one series, even of no span.
      if (by.length === 0 && rows.length === 0) groups.add('[]', 0);
      const series = groups.series((own) => own.named(name));
      await this.findExemplars(spans, labels, statements.no_number.fragment(), (own) => of(own).named(name), 1);
      return series;
    }
    const number = value.type === 'dynamic' ? statements.number.fragment({ value: value.sql }) : numberSql(value);
    const scale = isSeconds ? 1e-9 : 1;
    switch (name) {
      case 'histogram_over_time':
      case 'quantile_over_time': {
        if (name === 'quantile_over_time' && this.isExact)
          return this.exactQuantiles(names, number, quantiles, scale, of);
        const rows = await this.rows<BucketRow>(statements.buckets.fragment({ ...names, bucket: bucketSql(value) }));
        const unit = value.type === 'duration' ? 1e9 : 1;
        return name === 'histogram_over_time'
          ? this.histogram(rows, unit, of)
          : this.quantiles(rows, quantiles, unit, of);
      }
      default: {
        const rows = await this.rows<FigureRow>(statements.figures.fragment({ ...names, value: number }));
        for (const row of rows) {
          const figure = figureOf(name, row);
          groups.set(row, Number.NaN, figure === null ? Number.NaN : scaled(figure, scale));
        }
        const named = (own: Labels) => own.named(name);
        await this.findExemplars(spans, labels, number, (own) => named(of(own)), scale);
        return groups.series(named);
      }
    }
  }

  private histogram(rows: readonly BucketRow[], unit: number, of: (labels: string) => Labels): readonly Series[] {
    const bounds = new Map<string, Map<number, number[]>>();
    for (const { i, labels, bucket, value } of rows) {
      if (bucket === null || bucket === 0) continue;
      const own = bounds.get(labels) ?? new Map<number, number[]>();
      bounds.set(labels, own);
      const values = own.get(bucket) ?? new Array<number>(this.query.grid.count).fill(0);
      own.set(bucket, values);
      values[Number(i)] = value;
    }
    return [...bounds].flatMap(([labels, own]) =>
      [...own].map(([bucket, values]) => ({
        labels: of(labels).with('__bucket', { type: 'float', value: 2 ** bucket / unit }),
        values,
      })),
    );
  }

  private quantiles(
    rows: readonly BucketRow[],
    quantiles: readonly number[],
    unit: number,
    of: (labels: string) => Labels,
  ): readonly Series[] {
    const groups = new Map<string, Map<number, Map<number, number>>>();
    for (const { i, labels, bucket, value } of rows) {
      const own = groups.get(labels) ?? new Map<number, Map<number, number>>();
      groups.set(labels, own);
      if (bucket === null || bucket === 0) continue;
      const counts = own.get(Number(i)) ?? new Map<number, number>();
      own.set(Number(i), counts);
      counts.set(2 ** bucket, value);
    }
    return [...groups].flatMap(([labels, own]) =>
      quantiles.map((quantile) => ({
        labels: of(labels).with('p', { type: 'float', value: quantile }),
        values: Array.from(
          { length: this.query.grid.count },
          (_, n) => quantileOfBuckets(own.get(n) ?? new Map(), quantile) / unit,
        ),
      })),
    );
  }

  private async exactQuantiles(
    names: Pick<Names, 'spans' | 'labels' | 'limit'>,
    value: Fragment,
    quantiles: readonly number[],
    scale: number,
    of: (labels: string) => Labels,
  ): Promise<readonly Series[]> {
    const rows = await this.rows<QuantileRow>(statements.quantiles.fragment({ ...names, value, quantiles }));
    return quantiles.flatMap((quantile, n) => {
      const groups = new Groups(this.query.grid.count, of);
      for (const row of rows) groups.set(row, 0, scaled(row.quantiles?.[n] ?? 0, scale));
      return groups.series((own) => own.with('p', { type: 'float', value: quantile }));
    });
  }

  private async compare(pipeline: Pipeline, { selection, topN, window }: Compare): Promise<readonly Series[]> {
    const needs = needsOf(
      [...pipeline.stages.flatMap(expressionsOf), selection.condition],
      pipeline.stages.flatMap(operationsOf),
    );
    const spans = await this.spansOf(pipeline, { ...needs, numbers: true, trace: true });
    const inWindow =
      window === undefined
        ? []
        : [statements.in_window.fragment({ start_ns: String(window.start), end_ns: String(window.end) })];
    const rows = await this.rows<ComparedRow>(
      statements.compared.fragment({
        spans,
        condition: allOf([conditionSql(selection.condition), ...inWindow]),
        value: statements.compared_value.fragment(),
        top: topN,
        limit: maxRows + 1,
      }),
    );
    const series = new Map<string, { readonly labels: Map<string, Static | undefined>; readonly values: number[] }>();
    for (const row of rows) {
      const side = `${row.is_selected ? 'selection' : 'baseline'}${row.is_total ? '_total' : ''}`;
      const key = JSON.stringify([side, row.name, row.value]);
      const own = series.get(key) ?? {
        labels: new Map<string, Static | undefined>([
          ['__meta_type', { type: 'string', value: side }],
          [row.name, comparedValue(row)],
        ]),
        values: new Array<number>(this.query.grid.count).fill(0),
      };
      series.set(key, own);
      own.values[Number(row.i)] = row.spans;
    }
    return [...series.values()];
  }

  /** The spans that count, each with its interval. */
  private async spansOf(pipeline: Pipeline, needs: Needs): Promise<Fragment> {
    const { startNs, stepNs, count } = this.query.grid;
    const endNs = startNs + stepNs * BigInt(count);
    const grid = { start_ns: String(startNs), end_ns: String(endNs), step_ns: String(stepNs) };
    const range = {
      start_min: timestampOf(microsecondsOf(clampUnixNano(startNs))),
      start_max: timestampOf(microsecondsOf(clampUnixNano(endNs))),
    };
    const conditions = localConditions(pipeline);
    if (conditions !== undefined && !needs.numbers && !needs.trace && !needs.parent) {
      const known = await new Necessary(pipeline).lookUp(this.connection);
      const source = spansOfRange.fragment({
        ...range,
        ...spanColumns(needs),
        may_match: known.isImpossible ? constant(false) : allOf(known.conditions.flatMap(idTests)),
      });
      return statements.in_range.fragment({
        ...grid,
        source,
        condition: allOf(conditions.map((part) => conditionSql(part))),
      });
    }
    const { relations, found, sideIsGrouped, aggregateIsGrouped } = pipelineSql(pipeline, {
      startNs: 0n,
      endNs: 2n ** 63n - 1n,
    });
    const traces = tracesOfRange(needs, range.start_min, range.start_max);
    if (pipeline.stages.some(mayBeGrouped))
      await this.requireSets(
        checkSets.bind({
          traces,
          relations,
          side_is_grouped: sideIsGrouped,
          aggregate_is_grouped: aggregateIsGrouped,
        }),
      );
    return statements.with_traces.fragment({
      traces,
      relations,
      spans: statements.of_traces.fragment({ ...grid, found }),
    });
  }

  private async requireSets(statement: BoundStatement): Promise<void> {
    const [row] = await this.connection.query<{
      readonly side_is_grouped: boolean;
      readonly aggregate_is_grouped: boolean;
    }>(statement);
    requireSets(row);
  }

  /** Read rows. @throws TracestoreError `responseTooLarge` */
  private async rows<Row extends QueryResultRow>(fragment: Fragment): Promise<readonly Row[]> {
    const rows = await this.connection.query<Row>(run.bind({ statement: fragment }), this.memory);
    if (rows.length > maxRows) throw new TracestoreError(errorKinds.responseTooLarge);
    return rows;
  }

  private async findExemplars(
    spans: Fragment,
    labels: Fragment,
    value: Fragment,
    labelsOf: (labels: string) => ReadonlyMap<string, Static | undefined>,
    scale: number,
  ): Promise<void> {
    if (this.leftExemplars === 0) return;
    const rows = await this.rows<ExemplarRow>(
      statements.exemplars.fragment({ spans, labels, value, limit: this.leftExemplars }),
    );
    this.leftExemplars -= rows.length;
    for (const row of rows) {
      const own = labelsOf(row.labels);
      this.exemplars.push({
        key: labelsKey(own),
        interval: Number(row.i),
        labels: [
          keyValueOf('trace:id', { type: 'string', value: traceIdOf(row.trace_id) }),
          ...[...own].filter(([name]) => name !== '__name__').map(([name, label]) => keyValueOf(name, label)),
        ],
        value: row.value === null ? Number.NaN : scaled(row.value, scale),
        timestampMs: Number(BigInt(row.start_ns) / 1_000_000n),
      });
    }
  }
}

/** The labels of a series. */
class Labels {
  constructor(
    private readonly by: readonly (Attribute | Intrinsic)[],
    private readonly json: string,
  ) {}

  /** The name is that of the function if there is no other label. */
  named(name: string): ReadonlyMap<string, Static | undefined> {
    return this.by.length === 0 ? new Map([['__name__', { type: 'string', value: name }]]) : this.own();
  }

  with(name: string, value: Static): ReadonlyMap<string, Static | undefined> {
    return new Map([...this.own(), [name, value]]);
  }

  /** Nil labels are left out; if all are nil, the first one is there. */
  private own(): ReadonlyMap<string, Static | undefined> {
    const values = readJson(this.json) as readonly unknown[];
    const labels = this.by.map(
      (field, n) => [printField(field), staticOf(valueOf(values[n], groupValue(field).type))] as const,
    );
    const present = labels.filter(([, value]) => value !== undefined);
    return new Map(present.length > 0 ? present : labels.slice(0, 1));
  }
}

/** The values of series, by their labels. */
class Groups {
  private readonly groups = new Map<string, number[]>();

  constructor(
    private readonly count: number,
    private readonly labelsOf: (labels: string) => Labels,
  ) {}

  add(labels: string, empty: number): number[] {
    const values = this.groups.get(labels) ?? new Array<number>(this.count).fill(empty);
    this.groups.set(labels, values);
    return values;
  }

  set({ i, labels }: LabelledRow, empty: number, value: number): void {
    this.add(labels, empty)[Number(i)] = value;
  }

  series(labels: (own: Labels) => ReadonlyMap<string, Static | undefined>): readonly Series[] {
    return [...this.groups].map(([own, values]) => ({ labels: labels(this.labelsOf(own)), values }));
  }
}

function figureOf(name: OverTime['name'], row: FigureRow): number | null {
  switch (name) {
    case 'min_over_time':
      return row.min_value;
    case 'max_over_time':
      return row.max_value;
    case 'sum_over_time':
      return row.sum_value;
    default:
      return row.sum_value === null ? null : row.sum_value / row.count_value;
  }
}

function scaled(value: number, scale: number): number {
  return scale === 1 ? value : value / 1e9;
}

function staticOf(value: AttributeValue | undefined): Static | undefined {
  return Array.isArray(value) ? undefined : (value as Static | undefined);
}

function comparedValue({ is_total, value }: ComparedRow): Static | undefined {
  if (is_total || value === null) return undefined;
  return staticOf(valueOf(readJson(value), 'dynamic'));
}

function labelsSql(by: readonly (Attribute | Intrinsic)[]): Fragment {
  if (by.length === 0) return statements.no_labels.fragment();
  return statements.labels.fragment({ columns: listOf(by.map((field) => groupValue(field).sql)) });
}

function numberSql({ type, sql }: Value): Fragment {
  const isNumber = type === 'int' || type === 'duration' || type === 'float';
  return isNumber ? statements.native_number.fragment({ value: sql }) : statements.no_number.fragment();
}

function bucketSql({ type, sql }: Value): Fragment {
  if (type === 'int' || type === 'duration')
    return statements.bucket.fragment({ value: statements.int_value.fragment({ value: sql }) });
  if (type === 'dynamic') return statements.bucket.fragment({ value: statements.dynamic_int.fragment({ value: sql }) });
  return statements.no_bucket.fragment();
}

/** The conditions of a pipeline that are about each span alone; undefined if others follow. */
function localConditions(pipeline: Pipeline): readonly Parameters<typeof conditionSql>[0][] | undefined {
  const conditions = pipeline.stages.flatMap((stage) => (stage.node === 'filter' ? [stage.condition] : []));
  return pipeline.stages.every(({ node }) => node === 'filter' || node === 'select') ? conditions : undefined;
}

/** The ids of dictionaries that a span must have. */
function idTests(condition: Condition): readonly Fragment[] {
  if (condition.is === 'and') return condition.conditions.flatMap(idTests);
  if (condition.is !== 'dictionary' || condition.ids === undefined) return [];
  return [knownIds[condition.table].fragment({ ids: condition.ids })];
}

function mayBeGrouped({ node }: Pipeline['stages'][number]): boolean {
  return node === 'spansetOperation' || node === 'scalarFilter';
}
