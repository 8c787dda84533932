/** Says how many requests are due; an open loop, so it does not wait for answers. */
export interface Arrivals {
  /** How many requests have become due since the last call. @param nowMs a monotonic clock */
  due(nowMs: number): number;
}

/** After a pause of the whole process, what was missed is not made up for in one burst. */
const longestCatchUpMs = 1_000;

/**
 * Evenly spaced arrivals.
 *
 * @param ratePerSecond how many a second
 * @param startMs when the first one is due, on the same clock as `due`
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

/** Items in turn, each as often as its weight says, as evenly as weights allow: 2, 2, 1 gives A B C A B. */
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
