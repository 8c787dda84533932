import type { Filter } from './filter/filter.js';

/** What a search requires of spans. */
export interface SpanConditions {
  /** Every span passes if there is none. */
  readonly filter?: Filter | undefined;
  /** In ns since 1970, inclusive. All stored spans if there is none. */
  readonly startTimeMinUnixNano?: bigint | undefined;
  readonly startTimeMaxUnixNano?: bigint | undefined;
}

/** What a search requires of traces: that they start in the range of time, take as long, and have a span that passes the filter. */
export interface TraceConditions extends SpanConditions {
  /** How long the trace takes, from the start of its first span to the end of its last one, in ns, inclusive. */
  readonly durationMinNs?: bigint | undefined;
  readonly durationMaxNs?: bigint | undefined;
}
