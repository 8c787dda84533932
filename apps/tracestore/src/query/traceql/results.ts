/**
 * What queries in TraceQL ask and answer, for the protocols that speak it. `TraceqlService` implements `TraceqlQueries`.
 *
 * Times are nanoseconds since 1970. Attributes and labels are OTLP's `KeyValue`: a status, a kind and a duration are texts there
 * (`error`, `server`, `1.5s`), and nil is the text `nil`, as in the answers of Tempo.
 *
 * Every method rejects with a `TracestoreError`: `invalid` (400) for a text that is not a query, with Tempo's message and the place
 * in the text in the `cause`, a `TraceqlError`, and for a bound that is exceeded; `busy` (503), `timedOut` (504), `responseTooLarge`,
 * `cancelled`, `unavailable` as every query of the read model.
 */
import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js';

/** A search: `{ status = error } | select(name)`. */
export interface TraceqlSearch {
  readonly query: string;
  /** Traces that overlap the range from `startNs` to `endNs`, both inclusive; all stored traces if undefined. */
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  /** How many traces, 1 to 10,000. */
  readonly limit: number;
  /** How many spans of each set are returned, 1 to 1,000. `matched` counts them all. */
  readonly spansPerSpanSet: number;
  /** `nextCursor` of the page before; the rest of the search must be the same. */
  readonly cursor?: string | undefined;
}

export interface TraceqlSearchResult {
  /** The newest first, by the start of the trace, or the slowest first with the hint `order=slowest`. */
  readonly traces: readonly TraceqlTrace[];
  /** Undefined when there are no more. */
  readonly nextCursor: string | undefined;
  /** How much was evaluated. */
  readonly inspected: TraceqlInspected;
}

export interface TraceqlInspected {
  readonly traces: number;
  readonly spans: number;
}

export interface TraceqlTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The earliest span without a parent; undefined when it is not stored. */
  readonly root: { readonly serviceName: string; readonly spanName: string } | undefined;
  readonly startNs: bigint;
  /** From the start of the first span to the end of the last one. */
  readonly durationNs: bigint;
  /** Of all spans of the trace, by the name of the service. */
  readonly services: readonly { readonly name: string; readonly spanCount: number; readonly errorCount: number }[];
  /** At least one; several after `by()`. */
  readonly spanSets: readonly TraceqlSpanSet[];
}

export interface TraceqlSpanSet {
  /** By start, then by id; at most `spansPerSpanSet`. */
  readonly spans: readonly TraceqlSpan[];
  /** How many spans the set has. */
  readonly matched: number;
  /** What `by` and aggregates say of the set, under their canonical text: `by(name)`, `count()`. */
  readonly attributes: readonly KeyValue[];
}

export interface TraceqlSpan {
  /** 16 hex digits. */
  readonly spanId: string;
  /** Undefined unless the query mentions `name`. */
  readonly name: string | undefined;
  readonly startNs: bigint;
  readonly durationNs: bigint;
  /** The fields of conditions, groups and `select`, under the name without a scope (`service.name`, `status`), by name. */
  readonly attributes: readonly KeyValue[];
}

/** The grid of a metrics query: `count` intervals `(startNs + i * stepNs, startNs + (i + 1) * stepNs]`. See `gridOf`. */
export interface TraceqlGrid {
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly count: number;
}

/** A metrics query over a range: `{} | rate() by(resource.service.name)`. */
export interface TraceqlRangeQuery {
  readonly query: string;
  readonly grid: TraceqlGrid;
  /** The most exemplars of all series together; 0 is none. The query's own hint `exemplars` wins, up to 100. */
  readonly exemplars: number;
  /** The most series; 0 is the limit of the server alone. */
  readonly maxSeries: number;
}

/** A metrics query over one interval, both ends inclusive. */
export interface TraceqlInstantQuery {
  readonly query: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly maxSeries: number;
}

/** Series, in the order of their labels: first those with fewer labels, then by keys and values. */
export interface TraceqlMetricsResult {
  readonly series: readonly TraceqlSeries[];
  /** Whether there were more series than `maxSeries`. */
  readonly isPartial: boolean;
  readonly source: TraceqlSource;
  /**
   * False where aggregates may not be exact: a client and a server that share an id without a parent both count as roots, durations of exactly a power of two in ns count in the next bucket, and of many operations
   * the spans that start at the very border of an interval count in the next one. The hint `exact=true` reads spans.
   */
  readonly isExact: boolean;
}

/** Where the numbers come from: `aggregates` of calls, or `spans`; `both` if parts of the query, or of the range, differ. */
export type TraceqlSource = 'aggregates' | 'spans' | 'both';

export interface TraceqlSeries {
  /** Typed: `p` and `__bucket` are doubles. */
  readonly labels: readonly KeyValue[];
  /** In the order of time. An interval without a sample is left out; a value may be infinite or NaN. */
  readonly samples: readonly TraceqlSample[];
  readonly exemplars: readonly TraceqlExemplar[];
}

export interface TraceqlSample {
  /** The end of the interval, in ms since 1970. */
  readonly timestampMs: number;
  readonly value: number;
}

export interface TraceqlExemplar {
  /** `trace:id`, and the labels of the series. */
  readonly labels: readonly KeyValue[];
  /** The value that the series measures, durations in seconds; of counts and rates the value of the sample. */
  readonly value: number;
  /** The start of the span. */
  readonly timestampMs: number;
}

/** What to explain: a search, or a metrics query with its grid. */
export type TraceqlExplained =
  ({ readonly kind: 'search' } & TraceqlSearch) | ({ readonly kind: 'metrics' } & TraceqlRangeQuery);

export interface TraceqlPlan {
  /**
   * A statement on the views and functions of schema `ps_trace`, with literals, which `ps_trace_reader` can run and join. Arithmetic on
   * metrics has one for each side, separated by `;`.
   */
  readonly sql: string;
  /** What the server does with each part of the query. */
  readonly parts: readonly TraceqlPlanPart[];
}

export interface TraceqlPlanPart {
  /** The canonical text of the part of the query. */
  readonly text: string;
  /**
   * `blockTerms`: skips blocks by their summary. `dictionary`: looked up in the dictionaries of operations, resources and scopes.
   * `rows`: tested on each span. `wholeTrace`: needs all spans of a trace. `aggregates`: read from the aggregates of calls.
   * `samples`: computed from series.
   */
  readonly by: 'blockTerms' | 'dictionary' | 'rows' | 'wholeTrace' | 'aggregates' | 'samples';
}

/** Which spans of one trace fulfil a filter. */
export interface TraceqlTraceFilter {
  /** A search that is one filter or one expression of spans: `{ status = error }`. */
  readonly query: string;
  /** 32 hex digits. */
  readonly traceId: string;
}

/** What `TraceqlService` does. */
export interface TraceqlQueries {
  search(search: TraceqlSearch, signal?: AbortSignal): Promise<TraceqlSearchResult>;
  metricsRange(query: TraceqlRangeQuery, signal?: AbortSignal): Promise<TraceqlMetricsResult>;
  /** Each series has one sample, at `endNs`. There are no exemplars. */
  metricsInstant(query: TraceqlInstantQuery, signal?: AbortSignal): Promise<TraceqlMetricsResult>;
  explain(query: TraceqlExplained): TraceqlPlan;
  /** @returns the ids of the spans that match, 16 hex digits each; empty for a trace that is not stored */
  matchingSpans(filter: TraceqlTraceFilter, signal?: AbortSignal): Promise<readonly string[]>;
}
