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
import { allOf, type BoundStatement, constant, type Fragment, readFragments, readSql } from '../../sql.js';
import type { Condition } from '../filter/condition.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import type { ResponseReservation } from '../response-memory.js';
import { traceIdOf } from '../span-id.js';
import { clampUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { atTimes, CallsSql, intervalsOfCalls } from './calls-sql.js';
import type { Needs } from './expressions.js';
import { valueSql } from './field-sql.js';
import { isLocal, maxRows, MetricsSql, needsOfMetrics } from './metrics-sql.js';
import { Necessary } from './necessary.js';
import { type AttributeValue, keyValueOf, readJson, valueOf } from './otlp-values.js';
import { groupValue } from './pipeline-sql.js';
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
import { planJoins, withJoins } from './with-joins.js';

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
const readProgress = readSql<{ readonly limit: number }>(import.meta.url, 'read-progress.sql');
const knownIds = readFragments<Record<'operation' | 'resource' | 'scope', { readonly ids: readonly string[] }>>(
  import.meta.url,
  'known-ids.sql',
  ['operation', 'resource', 'scope'],
);
/** A row of an interval and of a set of labels. */
interface LabelledRow extends QueryResultRow {
  readonly i: string;
  readonly labels: string;
}

interface ProgressRow extends QueryResultRow {
  readonly counted_ns: string | null;
  readonly finest_ns: string;
  readonly operations: readonly string[];
  readonly has_unknown_service: boolean;
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

/** How many operations and borders are looked up to find the spans at the borders of intervals. */
const maxBorderLookups = 20_000;
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
  private readonly sources = new Set<'aggregates' | 'spans'>();
  private isApproximate = false;

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
      source: this.sources.size > 1 ? 'both' : this.sources.has('aggregates') ? 'aggregates' : 'spans',
      isExact: !this.isApproximate,
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
    const rowsOf = await this.rowsOf(pipeline, metrics);
    const of = (own: string) => new Labels(by, own);
    const named = (own: Labels) => own.named(name);
    const groups = new Groups(this.query.grid.count, of);
    const scale = field?.node === 'intrinsic' && field.name === 'duration' ? 1e-9 : 1;
    const value = field === undefined ? undefined : valueSql(field);
    switch (name) {
      case 'rate':
      case 'count_over_time': {
        const rows = rowsOf as readonly CountRow[];
        const perSecond = name === 'rate' ? this.query.secondsOfStep : 1;
        for (const row of rows) groups.set(row, 0, row.value / perSecond);
        // Without labels there is one series, even of no span.
        if (by.length === 0 && rows.length === 0) groups.add('[]', 0);
        break;
      }
      case 'histogram_over_time':
      case 'quantile_over_time': {
        if (name === 'quantile_over_time' && this.isExact)
          return this.exactQuantiles(rowsOf as readonly QuantileRow[], quantiles, scale, of);
        const rows = rowsOf as readonly BucketRow[];
        const unit = value?.type === 'duration' ? 1e9 : 1;
        return name === 'histogram_over_time'
          ? this.histogram(rows, unit, of)
          : this.quantiles(rows, quantiles, unit, of);
      }
      default:
        for (const row of rowsOf as readonly FigureRow[]) {
          const figure = figureOf(name, row);
          groups.set(row, Number.NaN, figure === null ? Number.NaN : scaled(figure, scale));
        }
    }
    if (this.leftExemplars > 0) {
      const sql = await this.sqlOf(pipeline, needsOfMetrics(pipeline, metrics), this.query.grid);
      await this.findExemplars(sql.exemplarsOf(pipeline, metrics, this.leftExemplars), (own) => named(of(own)), scale);
    }
    return groups.series(named);
  }

  /** The rows of a function, from aggregates as far as these go, then from spans. */
  private async rowsOf(pipeline: Pipeline, metrics: OverTime): Promise<readonly LabelledRow[]> {
    const { grid } = this.query;
    const calls = CallsSql.of(pipeline, metrics, this.isExact);
    const progress = calls === undefined ? undefined : await this.progress();
    const isKnown = calls?.usesService !== true || progress?.has_unknown_service === false;
    const counted = progress?.counted_ns ?? null;
    const covered =
      calls === undefined || progress === undefined || counted === null || !isKnown
        ? 0
        : intervalsOfCalls(grid, BigInt(counted), BigInt(progress.finest_ns));
    if (calls === undefined || covered === 0) return this.rowsOfSpans(pipeline, metrics, grid);
    this.sources.add('aggregates');
    const head = { ...grid, count: covered };
    const rows = await this.rows<LabelledRow>(calls.statement(head));
    const moved = await this.movedAtBorders(pipeline, metrics, calls, head, progress?.operations ?? []);
    const tail = { ...grid, startNs: grid.startNs + grid.stepNs * BigInt(covered), count: grid.count - covered };
    const rest = tail.count === 0 ? [] : await this.rowsOfSpans(pipeline, metrics, tail);
    return [
      ...withMoved(rows as readonly CountRow[], moved, covered),
      ...rest.map((row) => ({ ...row, i: String(Number(row.i) + covered) })),
    ];
  }

  private async rowsOfSpans(pipeline: Pipeline, metrics: OverTime, grid: TraceqlGrid): Promise<readonly LabelledRow[]> {
    this.sources.add('spans');
    const sql = await this.sqlOf(pipeline, needsOfMetrics(pipeline, metrics), grid);
    return this.rows<LabelledRow>(sql.statementOf(pipeline, metrics, this.isExact));
  }

  /**
   * Count the spans that start at a border. Aggregates count them in the interval that begins there, and TraceQL in the one that
   * ends there. Where that is not possible, the answer is not exact.
   */
  private async movedAtBorders(
    pipeline: Pipeline,
    metrics: OverTime,
    calls: CallsSql,
    { startNs, stepNs, count }: TraceqlGrid,
    operations: readonly string[],
  ): Promise<readonly CountRow[]> {
    if (calls.usesRoots) this.isApproximate = true;
    if (!calls.isCount || operations.length * (count + 1) > maxBorderLookups) {
      this.isApproximate = true;
      return [];
    }
    const borders = Array.from({ length: count + 1 }, (_, n) => startNs + stepNs * BigInt(n));
    const sql = new MetricsSql(
      { startNs: startNs - stepNs, stepNs, count: count + 1 },
      {
        ofRange: (needs) =>
          spansOfRange.fragment({
            start_min: timestampOf(microsecondsOf(startNs)),
            start_max: timestampOf(microsecondsOf(startNs + stepNs * BigInt(count))),
            ...spanColumns(needs),
            may_match: atTimes(operations, borders),
          }),
        ofTraces: () => constant(false),
      },
    );
    return this.rows<CountRow>(sql.countsOf(pipeline, metrics));
  }

  private async progress(): Promise<ProgressRow | undefined> {
    const [row] = await this.connection.query<ProgressRow>(readProgress.bind({ limit: maxBorderLookups }));
    return row;
  }

  private histogram(rows: readonly BucketRow[], unit: number, of: (labels: string) => Labels): readonly Series[] {
    const bounds = new Map<string, Map<number, number[]>>();
    for (const { i, labels, bucket, value } of rows) {
      if (bucket === null || bucket === 0) continue;
      const own = bounds.get(labels) ?? new Map<number, number[]>();
      bounds.set(labels, own);
      const values = own.get(bucket) ?? Array.from({ length: this.query.grid.count }, () => 0);
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

  private exactQuantiles(
    rows: readonly QuantileRow[],
    quantiles: readonly number[],
    scale: number,
    of: (labels: string) => Labels,
  ): readonly Series[] {
    return quantiles.flatMap((quantile, n) => {
      const groups = new Groups(this.query.grid.count, of);
      for (const row of rows) groups.set(row, 0, scaled(row.quantiles?.[n] ?? 0, scale));
      return groups.series((own) => own.with('p', { type: 'float', value: quantile }));
    });
  }

  private async compare(pipeline: Pipeline, compare: Compare): Promise<readonly Series[]> {
    const sql = await this.sqlOf(pipeline, needsOfMetrics(pipeline, compare), this.query.grid);
    this.sources.add('spans');
    const rows = await this.rows<ComparedRow>(sql.statementOf(pipeline, compare, false));
    const series = new Map<string, { readonly labels: Map<string, Static | undefined>; readonly values: number[] }>();
    for (const row of rows) {
      const side = `${row.is_selected ? 'selection' : 'baseline'}${row.is_total ? '_total' : ''}`;
      const key = JSON.stringify([side, row.name, row.value]);
      const own = series.get(key) ?? {
        labels: new Map<string, Static | undefined>([
          ['__meta_type', { type: 'string', value: side }],
          [row.name, comparedValue(row)],
        ]),
        values: Array.from({ length: this.query.grid.count }, () => 0),
      };
      series.set(key, own);
      own.values[Number(row.i)] = row.spans;
    }
    return [...series.values()];
  }

  /** The SQL of a pipeline, whose spans are those of the store. */
  private async sqlOf(pipeline: Pipeline, needs: Needs, grid: TraceqlGrid): Promise<MetricsSql> {
    const range = {
      start_min: timestampOf(microsecondsOf(clampUnixNano(grid.startNs))),
      start_max: timestampOf(microsecondsOf(clampUnixNano(grid.startNs + grid.stepNs * BigInt(grid.count)))),
    };
    const isOfRange = isLocal(pipeline, needs);
    // Whole traces are read by their ids.
    await this.connection.query(planJoins.bind({ bitmap_scans: isOfRange ? 'on' : 'off' }));
    const known = isOfRange ? await new Necessary(pipeline).lookUp(this.connection) : undefined;
    const mayMatch = known?.isImpossible === true ? constant(false) : allOf((known?.conditions ?? []).flatMap(idTests));
    const sql = new MetricsSql(grid, {
      ofRange: (own) => spansOfRange.fragment({ ...range, ...spanColumns(own), may_match: mayMatch }),
      ofTraces: (own) => tracesOfRange(own, range.start_min, range.start_max),
    });
    const checks = sql.checks(pipeline, needs);
    if (checks !== undefined) await this.requireSets(checks);
    return sql;
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
    statement: Fragment,
    labelsOf: (labels: string) => ReadonlyMap<string, Static | undefined>,
    scale: number,
  ): Promise<void> {
    const rows = await this.rows<ExemplarRow>(statement);
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

/** Move spans that start at a border to the interval that ends there. @param moved with the number of the border */
function withMoved(rows: readonly CountRow[], moved: readonly CountRow[], count: number): readonly CountRow[] {
  if (moved.length === 0) return rows;
  const byKey = new Map<string, CountRow>(rows.map((row) => [`${row.i} ${row.labels}`, row]));
  const add = (interval: number, labels: string, value: number): void => {
    if (interval < 0 || interval >= count) return;
    const key = `${interval} ${labels}`;
    const known = byKey.get(key)?.value ?? 0;
    byKey.set(key, { i: String(interval), labels, value: known + value });
  };
  for (const { i, labels, value } of moved) {
    add(Number(i) - 1, labels, value);
    add(Number(i), labels, -value);
  }
  return [...byKey.values()].filter(({ value }) => value !== 0);
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
    const values = this.groups.get(labels) ?? Array.from({ length: this.count }, () => empty);
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

/** The ids of dictionaries that a span must have. */
function idTests(condition: Condition): readonly Fragment[] {
  if (condition.is === 'and') return condition.conditions.flatMap(idTests);
  if (condition.is !== 'dictionary' || condition.ids === undefined) return [];
  return [knownIds[condition.table].fragment({ ids: condition.ids })];
}
