/** As far as Jaeger's own stores look beyond the times that are given with the id of a trace. */
const marginNs = 3_600_000_000_000n;

/** Within which to look for spans of a trace, as the read model takes it. */
export interface TimeHints {
  readonly startTimeMinUnixNano: bigint | undefined;
  readonly startTimeMaxUnixNano: bigint | undefined;
}

/**
 * What is said of a trace's time beside its id makes finding it faster. It is said to be rough, so that no span may be
 * lost for it that is near.
 */
export function widened(from: bigint | undefined, to: bigint | undefined): TimeHints {
  return {
    startTimeMinUnixNano: from === undefined ? undefined : from - marginNs,
    startTimeMaxUnixNano: to === undefined ? undefined : to + marginNs,
  };
}
