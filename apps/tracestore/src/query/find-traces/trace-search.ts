import type { Filter } from '../filter/filter.js';

/** By what the traces of an answer are ordered. */
export type TraceOrder =
  /** By the start of a trace's newest span that fulfils the filter, the newest first. */
  | 'newest'
  /** By the duration of a trace's longest span that fulfils the filter, the slowest first. */
  | 'slowest';

/** Which traces: those of which some span fulfils all of the filter and started in a range of time. */
export interface TraceSearch {
  /** Without one, every span does. */
  readonly filter?: Filter | undefined;
  /** In ns since 1970, as all times; the bounds belong to the range. Without one, all that is stored. */
  readonly startTimeMinUnixNano?: bigint | undefined;
  readonly startTimeMaxUnixNano?: bigint | undefined;
  /** `newest` by default. */
  readonly order?: TraceOrder | undefined;
  /** How many traces a page has, 1 to `maxPageSize`. */
  readonly limit: number;
  /**
   * Of the page before, to go on behind it, with the same search otherwise. Spans that arrive meanwhile move nothing: no
   * trace comes twice. A trace that gets a span above this page has moved there, and is not on this one.
   */
  readonly cursor?: string | undefined;
}

/** More is a matter of several pages. */
export const maxPageSize = 10_000;

export interface FoundTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** What the order goes by: µs since 1970 of the start, or ns that it took. */
  readonly position: bigint;
}

export interface FoundTraces {
  readonly traces: readonly FoundTrace[];
  /** For the next page, which may turn out to be empty; undefined when there is none. */
  readonly nextCursor: string | undefined;
}
