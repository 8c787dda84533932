import type { TraceConditions } from '../search-conditions.js';

/** Which traces a heat map counts. */
export interface HeatmapQuery extends TraceConditions {
  /** How many spans may be read; by default `limits` for the kind of the conditions. */
  readonly maxSpans?: number | undefined;
}

/** How many traces start in each step of time, by their duration. */
export interface Heatmap {
  /**
   * Where the counts come from. From `aggregates` of calls, a root span counts, with its start, its duration and its status.
   * From `spans`, a trace counts, with its start and its duration; it failed if one of its spans has the status error.
   */
  readonly source: 'aggregates' | 'spans';
  /** The range that is counted, in ns since 1970: the requested one, as far as there are spans and they were counted. */
  readonly startTimeMinUnixNano: bigint;
  readonly startTimeMaxUnixNano: bigint;
  /** How much of each column was read, from 0 to 1. Less than 1: the counts are estimates. */
  readonly share: number;
  /** How many spans were read; 0 for aggregates. */
  readonly spans: number;
  /** The start of the first column in ns since 1970, and the width of each column in ns. */
  readonly firstUnixNano: bigint;
  readonly stepNs: bigint;
  /** All traces of each column, and how many of them failed. */
  readonly columns: readonly { readonly count: number; readonly failed: number }[];
  /** The non-empty cells. */
  readonly cells: readonly { readonly column: number; readonly row: number; readonly count: number }[];
}

/** The lower bounds of the rows in ns: two rows for each power of two. */
export const lowerBoundsNs: readonly number[] = Array.from({ length: 126 }, (_, row) =>
  row === 0 ? 0 : 2 ** (row / 2),
);
