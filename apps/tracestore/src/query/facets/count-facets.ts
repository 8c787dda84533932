import type { QueryResultRow } from 'pg';
import { constant, type Fragment, Parameter, readFragments, readSql } from '../../sql.js';
import { limits } from '../../limits.js';
import { storableText } from '../../storage/attribute-json.js';
import { blockCondition } from '../filter/block-condition.js';
import { everything } from '../filter/filter.js';
import { lookUp } from '../filter/look-up.js';
import { conditionOf } from '../filter/read-filter.js';
import { spanCondition } from '../filter/span-condition.js';
import type { HeatmapQuery } from '../heatmap/heatmap.js';
import { measureRange } from '../heatmap/measure-range.js';
import type { QueryDatabaseService } from '../query-database.service.js';
import { spanKindOf, statusCodeOf } from '../span-enums.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { textOfJson } from '../value-text.js';

interface TimedNames {
  readonly duration_min_ns: number;
  readonly duration_max_ns: number;
}

const tracesOfBatch = readSql<{ readonly known: readonly string[] }>(
  import.meta.url,
  '../find-traces/traces-of-batch.sql',
);
const countValues = readSql<{
  readonly start_min: Parameter;
  readonly start_max: Parameter;
  readonly may_match: Fragment;
  readonly every: number;
  readonly block_limit: number;
  readonly known: readonly string[];
  readonly matches: Fragment;
  readonly counted: Fragment;
  readonly keys: readonly string[];
  readonly most_values: number;
}>(import.meta.url, 'count-values.sql', { traces: tracesOfBatch });
const countedSpans = readFragments<{
  readonly all_spans: Record<never, never>;
  readonly of_timed_traces: TimedNames;
}>(import.meta.url, 'counted-spans.sql', ['all_spans', 'of_timed_traces']);

/** The facets of every span, in the order of the statement. */
const spanFacets = ['service', 'operation', 'kind', 'status'] as const;

/** How many values of a facet are returned. */
export const maxFacetValues = 20;

/** Values of attributes that have the same text, such as 5 and "5", are added up, so that more are read. */
const readFacetValues = 2 * maxFacetValues;

/** A search, and the keys of attributes to count. */
export interface FacetQuery extends HeatmapQuery {
  readonly keys: readonly string[];
}

/** Something that spans differ in. */
export interface Facet {
  /** `attribute`: the value of a key, of the span or its resource. */
  readonly facet: (typeof spanFacets)[number] | 'attribute';
  /** Of an attribute. */
  readonly key: string | undefined;
  /** The most frequent first; each with the number of traces that have a span with it that matches the search. */
  readonly values: readonly { readonly value: string; readonly traces: number }[];
  /** How many values there are in all. */
  readonly valueCount: number;
}

export interface Facets {
  readonly facets: readonly Facet[];
  /** The traces and the matching spans that were counted. */
  readonly traces: number;
  readonly spans: number;
  /** False if these are only a part of the spans that match. */
  readonly isComplete: boolean;
}

interface ValueRow extends QueryResultRow {
  readonly facet: number | null;
  readonly value: string | null;
  readonly traces: string;
  readonly spans: string | null;
  readonly value_count: string;
}

const maxInt8 = 2n ** 63n - 1n;

/**
 * Count the values of the spans that match a search, in traces. If blocks that may match have more than `limits.facetSpans`
 * spans, only some blocks are read, spread evenly over the range.
 *
 * @throws TracestoreError
 */
export async function countFacets(
  database: QueryDatabaseService,
  query: FacetQuery,
  signal?: AbortSignal,
): Promise<Facets> {
  const keys = [...new Set(query.keys)];
  const connection = await database.connect(signal);
  try {
    const { condition, longestNs } = await lookUp(connection, conditionOf(query.filter ?? everything));
    const minUs = microsecondsOf(clampUnixNano(query.startTimeMinUnixNano ?? firstUnixNano));
    const maxUs = microsecondsOf(clampUnixNano(query.startTimeMaxUnixNano ?? lastUnixNano));
    if ((condition.is === 'constant' && !condition.value) || minUs > maxUs) return facetsOf([], keys, true);
    const mayMatch = blockCondition(condition, true, longestNs);
    const { candidateBlocks, candidateSpans, blocks, isComplete } = await measureRange(
      connection,
      minUs,
      maxUs,
      mayMatch,
    );
    const every = Math.max(1, Math.ceil(candidateSpans / (query.maxSpans ?? limits.facetSpans.value)));
    const start_min = new Parameter(timestampOf(minUs));
    const start_max = new Parameter(timestampOf(maxUs));
    const { durationMinNs, durationMaxNs } = query;
    const rows = await connection.query<ValueRow>(
      countValues.bind({
        start_min,
        start_max,
        may_match: mayMatch ?? constant(true),
        every: Math.min(every, Math.max(candidateBlocks, 1)),
        block_limit: blocks,
        known: [],
        matches: spanCondition(condition, { start_min, start_max }),
        counted:
          durationMinNs === undefined && durationMaxNs === undefined
            ? countedSpans.all_spans.fragment()
            : countedSpans.of_timed_traces.fragment({
                duration_min_ns: Number(durationMinNs ?? 0n),
                duration_max_ns: Number(durationMaxNs ?? maxInt8),
              }),
        keys: keys.map(storableText),
        most_values: readFacetValues,
      }),
    );
    return facetsOf(rows, keys, isComplete && every === 1);
  } finally {
    connection.release();
  }
}

function facetsOf(rows: readonly ValueRow[], keys: readonly string[], isComplete: boolean): Facets {
  const total = rows.find(({ facet }) => facet === null);
  const byFacet = Map.groupBy(rows, ({ facet }) => facet);
  const facets = [...spanFacets.map((facet) => ({ facet, key: undefined })), ...keys.map(attributeFacet)];
  return {
    facets: facets.map((facet, n) => withValues(facet, byFacet.get(n) ?? [])),
    traces: Number(total?.traces ?? 0),
    spans: Number(total?.spans ?? 0),
    isComplete,
  };
}

function attributeFacet(key: string) {
  return { facet: 'attribute', key } as const;
}

function withValues(facet: Pick<Facet, 'facet' | 'key'>, rows: readonly ValueRow[]): Facet {
  const traces = new Map<string, number>();
  for (const row of rows) {
    const value = textOf(facet.facet, row.value ?? '');
    traces.set(value, (traces.get(value) ?? 0) + Number(row.traces));
  }
  const values = [...traces]
    .map(([value, count]) => ({ value, traces: count }))
    .toSorted((a, b) => b.traces - a.traces);
  const merged = rows.length - values.length;
  return {
    ...facet,
    values: values.slice(0, maxFacetValues),
    valueCount: Math.max(Number(rows[0]?.value_count ?? 0) - merged, values.length),
  };
}

function textOf(facet: Facet['facet'], value: string): string {
  switch (facet) {
    case 'attribute':
      return textOfJson(value);
    case 'kind':
      return spanKindOf(Number(value));
    case 'status':
      return statusCodeOf(Number(value));
    default:
      return value;
  }
}
