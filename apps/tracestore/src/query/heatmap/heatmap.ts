import type { Filter } from '../filter/filter.js';

/** Which traces a heat map counts: those that start in the range, take as long, and have a span that passes the filter. */
export interface HeatmapQuery {
  /** Every span passes if there is none. */
  readonly filter?: Filter | undefined;
  /** When the trace starts: in ns since 1970, inclusive. All stored spans if there is none. */
  readonly startTimeMinUnixNano?: bigint | undefined;
  readonly startTimeMaxUnixNano?: bigint | undefined;
  /** How long the trace takes, from the start of its first span to the end of its last one, in ns, inclusive. */
  readonly durationMinNs?: bigint | undefined;
  readonly durationMaxNs?: bigint | undefined;
  /** How many spans may be read; `limits.heatmapSpans` by default. */
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
