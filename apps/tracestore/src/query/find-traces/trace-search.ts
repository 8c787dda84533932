import type { SpanConditions } from '../search-conditions.js';

/** The order of traces. */
export type TraceOrder =
  /** By the start of the newest span of a trace that matches, newest first. */
  | 'newest'
  /** By the duration of the longest span of a trace that matches, slowest first. */
  | 'slowest';

/** A search for traces: at least one span passes the filter and starts in the range of time. */
export interface TraceSearch extends SpanConditions {
  /** `newest` by default. */
  readonly order?: TraceOrder | undefined;
  /** How many traces a page has, 1 to `maxPageSize`. */
  readonly limit: number;
  /**
   * `nextCursor` of the page before; the rest of the search must be the same. Spans that arrive between two pages move
   * nothing: no trace comes twice. A trace that gets a span with a position above this page is not on this page.
   */
  readonly cursor?: string | undefined;
}

/** The most traces of a page. */
export const maxPageSize = 10_000;

export interface FoundTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** What traces are ordered by: the start in µs since 1970, or the duration in ns. */
  readonly position: bigint;
}

export interface FoundTraces {
  readonly traces: readonly FoundTrace[];
  /** The cursor of the next page, which may be empty; undefined when there is none. */
  readonly nextCursor: string | undefined;
}
