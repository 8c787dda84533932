import type { QueryResultRow } from 'pg';
import { storableText } from '../../storage/attribute-json.js';
import { type Fragment, type NoArguments, readFragments, readSql } from '../../sql.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import type { TraceConditions } from '../search-conditions.js';
import { lastUnixNano } from '../unix-time.js';
import { textOfJson } from '../value-text.js';
import { SampleCondition, sampleFragments, type SampleNames, sampleOfTraces, startNamesOf } from './trace-sample.js';

const groupBy = readSql<
  SampleNames & {
    readonly groups: number;
    readonly min_duration_ns: bigint;
    readonly max_duration_ns: bigint;
    readonly matches: Fragment;
    readonly value: Fragment;
  }
>(import.meta.url, 'group-spans.sql', sampleFragments);

/** The fields of a span by which spans are grouped. */
const groupFields = ['service', 'operation', 'kind', 'status'] as const;

const values = readFragments<
  Record<(typeof groupFields)[number], NoArguments> & { readonly attribute: { readonly key: string } }
>(import.meta.url, 'group-values.sql', [...groupFields, 'attribute']);

/** What spans are grouped by: a field, or the attribute of a key, of the span or else of its resource. */
export type GroupKey = { readonly field: (typeof groupFields)[number] } | { readonly attribute: string };

/** The most traces whose spans are counted. */
const maxTraces = 5_000;

/** How many values have a group of their own. */
const maxGroups = 50;

/** The spans with one value. */
export interface SpanGroup {
  /** The text of the value, cut after 200 characters; undefined for spans without it. */
  readonly value: string | undefined;
  readonly calls: number;
  readonly errors: number;
  readonly p50Ns: number;
  readonly p95Ns: number;
  readonly p99Ns: number;
}

export interface SpanGroups {
  /** The most frequent first. */
  readonly groups: readonly SpanGroup[];
  /** The spans of all other values, and how many values these are; undefined without such spans. */
  readonly rest: (Omit<SpanGroup, 'value'> & { readonly values: number }) | undefined;
  /** The share of all traces whose spans were counted: 1 for all. */
  readonly sampledShare: number;
}

interface GroupRow extends QueryResultRow {
  readonly value: string | null;
  readonly other_values: number;
  readonly calls: number;
  readonly errors: number;
  readonly percentiles_ns: readonly number[];
}

/**
 * Count the matching spans of a search by a value. Of many traces, a random sample is counted.
 *
 * @throws TracestoreError
 */
export async function groupSpans(
  database: QueryDatabaseService,
  search: TraceConditions,
  by: GroupKey,
  signal?: AbortSignal,
): Promise<SpanGroups> {
  const range = startNamesOf(search);
  const condition = new SampleCondition(search.filter, range);
  const connection = await database.connect(signal);
  try {
    const { traceIds, sampledShare } = await sampleOfTraces(connection, condition, range, maxTraces);
    if (traceIds.length === 0) return { groups: [], rest: undefined, sampledShare };
    const rows = await connection.query<GroupRow>(
      groupBy.bind({
        ...range,
        trace_ids: traceIds,
        groups: maxGroups,
        min_duration_ns: search.durationMinNs ?? 0n,
        max_duration_ns: search.durationMaxNs ?? lastUnixNano,
        matches: condition.ofSpan,
        value:
          'field' in by ? values[by.field].fragment() : values.attribute.fragment({ key: storableText(by.attribute) }),
      }),
    );
    const others = rows.find((row) => row.other_values > 0);
    return {
      groups: rows
        .filter((row) => row !== others)
        .map((row) => ({ value: row.value === null ? undefined : textOfJson(row.value), ...countsOf(row) })),
      rest: others === undefined ? undefined : { values: others.other_values, ...countsOf(others) },
      sampledShare,
    };
  } finally {
    connection.release();
  }
}

function countsOf({ calls, errors, percentiles_ns }: GroupRow): Omit<SpanGroup, 'value'> {
  const [p50Ns = 0, p95Ns = 0, p99Ns = 0] = percentiles_ns;
  return { calls, errors, p50Ns, p95Ns, p99Ns };
}
