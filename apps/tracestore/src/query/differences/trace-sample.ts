import type { QueryResultRow } from 'pg';
import { constant, type Fragment, Parameter, readSql } from '../../sql.js';
import { blockCondition } from '../filter/block-condition.js';
import type { Condition } from '../filter/condition.js';
import { everything, type Filter } from '../filter/filter.js';
import { conditionOf } from '../filter/read-filter.js';
import { spanCondition, spanEnd, spanStart } from '../filter/span-condition.js';
import type { QueryConnection } from '../query-database.service.js';
import type { SpanConditions } from '../search-conditions.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';

/** The range of time in which spans start, to the nanosecond: names of find-traces/start-range.sql. */
export interface StartNames {
  readonly start_min: Parameter;
  readonly start_min_nanos: bigint;
  readonly start_max: Parameter;
  readonly start_max_nanos: bigint;
}

/** A random sample of traces. */
export interface TraceSample {
  /** As uuids, in the order of a hash of the ids. */
  readonly traceIds: readonly string[];
  /** The share of all traces from which the sample is; 1 when it has all traces. */
  readonly sampledShare: number;
}

const inRange = readSql<StartNames>(import.meta.url, '../find-traces/start-range.sql');
const lookup = readSql<{ readonly trace_ids: readonly string[] }>(import.meta.url, 'lookup-of-sample.sql');
const spans = readSql<StartNames>(import.meta.url, 'spans-of-sample.sql', { in_range: inRange });

/** What a statement about the spans of a sample includes, and the names of that. */
export const sampleFragments = { lookup, spans, start_ns: spanStart, end_ns: spanEnd } as const;
export type SampleNames = StartNames & { readonly trace_ids: readonly string[] };

const sampleTraces = readSql<{
  readonly start_min: Parameter;
  readonly start_max: Parameter;
  readonly limit: number;
  readonly may_match: Fragment;
}>(import.meta.url, 'sample-traces.sql');

const nsPerUs = 1000n;

/** The names of a range of time for the statements. */
export function startNamesOf({ startTimeMinUnixNano, startTimeMaxUnixNano }: SpanConditions): StartNames {
  const min = clampUnixNano(startTimeMinUnixNano ?? firstUnixNano);
  const max = clampUnixNano(startTimeMaxUnixNano ?? lastUnixNano);
  return {
    start_min: new Parameter(timestampOf(microsecondsOf(min))),
    start_min_nanos: min % nsPerUs,
    start_max: new Parameter(timestampOf(microsecondsOf(max))),
    start_max_nanos: max % nsPerUs,
  };
}

/** A filter as a condition of spans and of blocks. @throws TracestoreError `invalid` when the filter is invalid */
export class SampleCondition {
  private readonly condition: Condition;

  constructor(
    filter: Filter | undefined,
    private readonly range: StartNames,
  ) {
    this.condition = conditionOf(filter ?? everything);
  }

  /** No span can match. */
  get isNever(): boolean {
    return this.condition.is === 'constant' && !this.condition.value;
  }

  /** Whether the span `s` matches. */
  get ofSpan(): Fragment {
    const { start_min, start_max } = this.range;
    return spanCondition(this.condition, { start_min, start_max });
  }

  /** Whether the block `b` may match. */
  get ofBlock(): Fragment {
    return blockCondition(this.condition, true, Number.POSITIVE_INFINITY) ?? constant(true);
  }
}

/**
 * Sample the traces of the blocks that may match a condition.
 *
 * @param limit the most traces to return
 */
export async function sampleOfTraces(
  connection: QueryConnection,
  condition: SampleCondition,
  { start_min, start_max }: StartNames,
  limit: number,
): Promise<TraceSample> {
  if (condition.isNever) return { traceIds: [], sampledShare: 1 };
  const rows = await connection.query<QueryResultRow & { readonly trace_id: string; readonly sampled_share: number }>(
    sampleTraces.bind({ start_min, start_max, limit, may_match: condition.ofBlock }),
  );
  return { traceIds: rows.map(({ trace_id }) => trace_id), sampledShare: rows[0]?.sampled_share ?? 1 };
}
