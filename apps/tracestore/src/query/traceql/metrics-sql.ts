import type { Attribute, Compare, FieldExpression, Intrinsic, OverTime, Pipeline } from '@spandrel/traceql';
import {
  allOf,
  type BoundStatement,
  type Fragment,
  listOf,
  type NoArguments,
  readFragments,
  readSql,
} from '../../sql.js';
import { lastUnixNano } from '../unix-time.js';
import { expressionsOf, needsOf, type Needs, operationsOf } from './expressions.js';
import { conditionSql, type Value, valueSql } from './field-sql.js';
import { groupValue, pipelineSql } from './pipeline-sql.js';
import type { TraceqlGrid } from './results.js';

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
const checkSets = readSql<{
  readonly traces: Fragment;
  readonly relations: Fragment;
  readonly side_is_grouped: Fragment;
  readonly aggregate_is_grouped: Fragment;
}>(import.meta.url, 'check-sets.sql');

/** Rows of intervals and labels that a statement may return. More would not be a chart. */
export const maxRows = 500_000;

/** Where the spans of a query come from: the tables, or the public views. */
export interface SpanSource {
  /** The spans of the range, with the columns of spans-of-range.sql. */
  ofRange(needs: Needs): Fragment;
  /** The relations of whole-traces.sql, for the traces with a span in the range. */
  ofTraces(needs: Needs): Fragment;
}

/** The statements of a metrics query. */
export class MetricsSql {
  private readonly names: GridNames;

  constructor(
    { startNs, stepNs, count }: TraceqlGrid,
    private readonly source: SpanSource,
  ) {
    this.names = {
      start_ns: String(startNs),
      end_ns: String(startNs + stepNs * BigInt(count)),
      step_ns: String(stepNs),
    };
  }

  /** Write what a function returns, as rows of intervals and labels. */
  statementOf(pipeline: Pipeline, metrics: OverTime | Compare, isExact: boolean): Fragment {
    const spans = this.spans(pipeline, needsOfMetrics(pipeline, metrics));
    if (metrics.node === 'compare') return compareSql(metrics, spans);
    const { name, field, by, quantiles } = metrics;
    const names = { spans, labels: labelsSql(by), limit: maxRows + 1 };
    if (field === undefined) return statements.counts.fragment(names);
    const value = valueSql(field);
    if (name === 'quantile_over_time' && isExact)
      return statements.quantiles.fragment({ ...names, value: numberSql(value), quantiles });
    return name === 'quantile_over_time' || name === 'histogram_over_time'
      ? statements.buckets.fragment({ ...names, bucket: bucketSql(value) })
      : statements.figures.fragment({ ...names, value: numberSql(value) });
  }

  /** Write how many spans a function counts in each interval, and their labels. */
  countsOf(pipeline: Pipeline, metrics: OverTime): Fragment {
    const spans = this.spans(pipeline, needsOfMetrics(pipeline, metrics));
    return statements.counts.fragment({ spans, labels: labelsSql(metrics.by), limit: maxRows + 1 });
  }

  /** Write which spans show what a function has counted. */
  exemplarsOf(pipeline: Pipeline, metrics: OverTime, limit: number): Fragment {
    return statements.exemplars.fragment({
      spans: this.spans(pipeline, needsOfMetrics(pipeline, metrics)),
      labels: labelsSql(metrics.by),
      value: metrics.field === undefined ? statements.no_number.fragment() : numberSql(valueSql(metrics.field)),
      limit,
    });
  }

  /** The statement that checks whether a query has an answer; undefined if every query of this form has one. */
  checks(pipeline: Pipeline, needs: Needs): BoundStatement | undefined {
    if (isLocal(pipeline, needs) || !pipeline.stages.some(mayBeGrouped)) return undefined;
    const { relations, sideIsGrouped, aggregateIsGrouped } = pipelineSql(pipeline, everything);
    return checkSets.bind({
      traces: this.source.ofTraces(needs),
      relations,
      side_is_grouped: sideIsGrouped,
      aggregate_is_grouped: aggregateIsGrouped,
    });
  }

  /** The spans that count, each with its interval. */
  private spans(pipeline: Pipeline, needs: Needs): Fragment {
    if (isLocal(pipeline, needs)) {
      const conditions = pipeline.stages.flatMap((stage) => (stage.node === 'filter' ? [stage.condition] : []));
      return statements.in_range.fragment({
        ...this.names,
        source: this.source.ofRange(needs),
        condition: allOf(conditions.map((condition) => conditionSql(condition))),
      });
    }
    const { relations, found } = pipelineSql(pipeline, everything);
    return statements.with_traces.fragment({
      traces: this.source.ofTraces(needs),
      relations,
      spans: statements.of_traces.fragment({ ...this.names, found }),
    });
  }
}

const everything = { startNs: 0n, endNs: lastUnixNano };

/** What a metrics query needs besides the row of a span. */
export function needsOfMetrics(pipeline: Pipeline, metrics: OverTime | Compare): Needs {
  const own: readonly FieldExpression[] =
    metrics.node === 'compare'
      ? [metrics.selection.condition]
      : [...metrics.by, ...(metrics.field === undefined ? [] : [metrics.field])];
  const needs = needsOf([...pipeline.stages.flatMap(expressionsOf), ...own], pipeline.stages.flatMap(operationsOf));
  return metrics.node === 'compare' ? { ...needs, numbers: true, trace: true } : needs;
}

/** Whether each span can be tested alone. */
export function isLocal({ stages }: Pipeline, { numbers, trace, parent }: Needs): boolean {
  return !numbers && !trace && !parent && stages.every(({ node }) => node === 'filter' || node === 'select');
}

function compareSql({ selection, topN, window }: Compare, spans: Fragment): Fragment {
  const inWindow =
    window === undefined
      ? []
      : [statements.in_window.fragment({ start_ns: String(window.start), end_ns: String(window.end) })];
  return statements.compared.fragment({
    spans,
    condition: allOf([conditionSql(selection.condition), ...inWindow]),
    value: statements.compared_value.fragment(),
    top: topN,
    limit: maxRows + 1,
  });
}

/** The values of the labels of a span, as JSON. */
export function labelsSql(by: readonly (Attribute | Intrinsic)[]): Fragment {
  if (by.length === 0) return statements.no_labels.fragment();
  return statements.labels.fragment({ columns: listOf(by.map((field) => groupValue(field).sql)) });
}

function numberSql({ type, sql }: Value): Fragment {
  if (type === 'dynamic') return statements.number.fragment({ value: sql });
  const isNumber = type === 'int' || type === 'duration' || type === 'float';
  return isNumber ? statements.native_number.fragment({ value: sql }) : statements.no_number.fragment();
}

function bucketSql({ type, sql }: Value): Fragment {
  if (type === 'int' || type === 'duration')
    return statements.bucket.fragment({ value: statements.int_value.fragment({ value: sql }) });
  if (type === 'dynamic') return statements.bucket.fragment({ value: statements.dynamic_int.fragment({ value: sql }) });
  return statements.no_bucket.fragment();
}

function mayBeGrouped({ node }: Pipeline['stages'][number]): boolean {
  return node === 'spansetOperation' || node === 'scalarFilter';
}
