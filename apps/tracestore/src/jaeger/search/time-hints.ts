/** How far Jaeger's own stores look beyond the times that are given with a trace id. */
const marginNs = 3_600_000_000_000n;

/** The time range for the spans of a trace, for the read model. */
export interface TimeHints {
  readonly startTimeMinUnixNano: bigint | undefined;
  readonly startTimeMaxUnixNano: bigint | undefined;
}

/**
 * Returns the time range for a trace from the times beside its id, which make the query faster. These times are
 * approximate, so the range is wider.
 */
export function widened(from: bigint | undefined, to: bigint | undefined): TimeHints {
  return {
    startTimeMinUnixNano: from === undefined ? undefined : from - marginNs,
    startTimeMaxUnixNano: to === undefined ? undefined : to + marginNs,
  };
}
