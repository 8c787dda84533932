import type { Attribute, FieldExpression, Intrinsic, OverTime, Pipeline } from '@spandrel/traceql';
import { allOf, type Fragment, type NoArguments, readFragments } from '../../sql.js';
import { microsecondsOf, timestampOf } from '../unix-time.js';
import { conditionSql, conjunctsOf, isRootTest } from './field-sql.js';
import { fieldsOf } from './fields.js';
import { labelsSql } from './metrics-sql.js';
import type { TraceqlGrid } from './results.js';

/*
 * Metrics from the aggregates of calls: spans by operation, in buckets of ten seconds and more. They answer queries about the
 * service, name, kind and status of spans and about roots, on grids of whole buckets.
 */

interface Names {
  readonly source: Fragment;
  readonly condition: Fragment;
  readonly labels: Fragment;
  readonly value: Fragment;
  readonly start_min: string;
  readonly start_max: string;
  readonly step: string;
  readonly start_ns: string;
  readonly step_ns: string;
  readonly ids: readonly string[];
  readonly times: readonly string[];
}
type RangeNames = Pick<Names, 'start_min' | 'start_max' | 'step'>;
type SeriesNames = Pick<Names, 'source' | 'condition' | 'labels' | 'start_ns' | 'step_ns'>;

const calls = readFragments<{
  readonly by_service: RangeNames;
  readonly by_operation: RangeNames;
  readonly calls: NoArguments;
  readonly errors: NoArguments;
  readonly others: NoArguments;
  readonly counts: SeriesNames & Pick<Names, 'value'>;
  readonly figures: SeriesNames;
  readonly buckets: SeriesNames;
  readonly at_times: Pick<Names, 'ids' | 'times'>;
}>(import.meta.url, 'calls.sql', [
  'by_service',
  'by_operation',
  'calls',
  'errors',
  'others',
  'counts',
  'figures',
  'buckets',
  'at_times',
]);

const tenSecondsNs = 10_000_000_000n;
const fiveMinutesNs = 300_000_000_000n;

/** A metrics query that aggregates of calls answer. */
export class CallsSql {
  private constructor(
    private readonly metrics: OverTime,
    /** About name, kind, service and root. */
    private readonly conditions: readonly FieldExpression[],
    private readonly counted: 'calls' | 'errors' | 'others',
    private readonly source: 'by_service' | 'by_operation',
    /** Whether the service matters: one that a span does not have is not the same there. */
    readonly usesService: boolean,
    /** Whether the query is about roots: of a client and a server that share an id without a parent, aggregates count both. */
    readonly usesRoots: boolean,
  ) {}

  /** @returns undefined for a query that needs spans */
  static of(pipeline: Pipeline, metrics: OverTime, isExact: boolean): CallsSql | undefined {
    const { name, field, by } = metrics;
    const isOfDuration = field?.node === 'intrinsic' && field.name === 'duration';
    const isCount = field === undefined;
    if (isExact) return undefined;
    if (!isCount && (!isOfDuration || name === 'min_over_time' || name === 'max_over_time')) return undefined;
    if (!pipeline.stages.every(({ node }) => node === 'filter' || node === 'select')) return undefined;
    const parts = pipeline.stages.flatMap((stage) => (stage.node === 'filter' ? conjunctsOf(stage.condition) : []));
    const statuses = parts.map(statusTest).filter((test) => test !== undefined);
    const conditions = parts.filter((part) => statusTest(part) === undefined);
    const fields = [...conditions.flatMap((condition) => fieldsOf(condition, isRootTest)), ...by];
    if (statuses.length > (isCount ? 1 : 0) || !fields.every(isOfCalls)) return undefined;
    const usesOperation = fields.some(
      (own) => own.node === 'intrinsic' && (own.name === 'name' || own.name === 'kind'),
    );
    return new CallsSql(
      metrics,
      conditions,
      statuses[0] ?? 'calls',
      usesOperation ? 'by_operation' : 'by_service',
      fields.some(({ node }) => node === 'attribute'),
      conditions.some(hasRootTest),
    );
  }

  /** Whether spans that start at the borders of intervals can be told apart. */
  get isCount(): boolean {
    return this.metrics.field === undefined;
  }

  /** Write the rows of the intervals of a grid, as `MetricsSql.statementOf` does. */
  statement({ startNs, stepNs, count }: TraceqlGrid): Fragment {
    const names: SeriesNames = {
      source: calls[this.source].fragment({
        start_min: timestampOf(microsecondsOf(startNs)),
        start_max: timestampOf(microsecondsOf(startNs + stepNs * BigInt(count))),
        step: `${stepNs / 1_000_000_000n} seconds`,
      }),
      condition: allOf(this.conditions.map((condition) => conditionSql(condition))),
      labels: labelsSql(this.metrics.by),
      start_ns: String(startNs),
      step_ns: String(stepNs),
    };
    if (this.isCount) return calls.counts.fragment({ ...names, value: calls[this.counted].fragment() });
    const isBucketed = this.metrics.name === 'histogram_over_time' || this.metrics.name === 'quantile_over_time';
    return (isBucketed ? calls.buckets : calls.figures).fragment(names);
  }
}

/** How many intervals of a grid aggregates have, from the first one on. @param finestNs from when there are those of ten seconds */
export function intervalsOfCalls(grid: TraceqlGrid, countedNs: bigint, finestNs: bigint): number {
  const { startNs, stepNs, count } = grid;
  const width = startNs >= finestNs ? tenSecondsNs : fiveMinutesNs;
  if (startNs < 0n || startNs % width !== 0n || stepNs % width !== 0n) return 0;
  const complete = (countedNs - startNs) / stepNs;
  return complete < 0n ? 0 : Number(complete < BigInt(count) ? complete : count);
}

/** Write which spans start at some times. @param ids of their operations */
export function atTimes(ids: readonly string[], timesNs: readonly bigint[]): Fragment {
  return calls.at_times.fragment({ ids, times: timesNs.map((time) => timestampOf(microsecondsOf(time))) });
}

function statusTest(part: FieldExpression): 'errors' | 'others' | undefined {
  if (part.node !== 'binary' || part.left.node !== 'intrinsic' || part.left.name !== 'status') return undefined;
  if (part.right.node !== 'literal' || part.right.value.type !== 'status' || part.right.value.value !== 'error')
    return undefined;
  return part.operator === '=' ? 'errors' : part.operator === '!=' ? 'others' : undefined;
}

function isOfCalls(field: Attribute | Intrinsic): boolean {
  if (field.node === 'attribute') return field.scope === 'resource' && field.name === 'service.name' && !field.ofParent;
  return field.name === 'name' || field.name === 'kind';
}

function hasRootTest(expression: FieldExpression): boolean {
  if (expression.node === 'unary') return hasRootTest(expression.operand);
  if (expression.node !== 'binary') return false;
  return isRootTest(expression) || hasRootTest(expression.left) || hasRootTest(expression.right);
}
