/** The schedule of an open loop: requests are due at a rate, whether or not responses keep up. */
export interface Arrivals {
  /**
   * Counts the requests that have become due since the last call.
   *
   * @param nowMs time of a monotonic clock
   */
  due(nowMs: number): number;
}

/** Older requests are dropped, so that a pause of the process does not end in a burst. */
const longestCatchUpMs = 1_000;

/**
 * Creates a schedule of evenly spaced requests.
 *
 * @param ratePerSecond requests per second
 * @param startMs when the first request is due, on the clock of `due`
 */
export function createArrivals(ratePerSecond: number, startMs: number): Arrivals {
  const spacingMs = 1_000 / ratePerSecond;
  let nextMs = startMs;
  return {
    due: (nowMs) => {
      nextMs = Math.max(nextMs, nowMs - longestCatchUpMs);
      if (nowMs < nextMs) return 0;
      const count = Math.floor((nowMs - nextMs) / spacingMs) + 1;
      nextMs += count * spacingMs;
      return count;
    },
  };
}

/**
 * Yields items in proportion to their weights, as evenly as possible: weights 2, 2 and 1 give A B C A B.
 *
 * @throws RangeError if no weight is positive
 */
export function* inTurn<Item extends { readonly weight: number }>(items: readonly Item[]): Generator<Item, never> {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw new RangeError('at least one weight must be positive');
  const credit = items.map(() => 0);
  for (;;) {
    items.forEach(({ weight }, index) => (credit[index] = (credit[index] ?? 0) + weight));
    const richest = credit.indexOf(Math.max(...credit));
    credit[richest] = (credit[richest] ?? 0) - total;
    const item = items[richest];
    if (item !== undefined) yield item;
  }
}
