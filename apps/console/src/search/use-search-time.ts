import { useCallback, useMemo, useState } from 'react';
import { boundsOf, unixNanoOf } from '../range/time-range.ts';
import { type TimeRangeState, useTimeRange } from '../range/use-time-range.ts';
import { useAddress } from '../use-address.ts';

/** The time range of a search, and when it was made. */
export interface SearchTime extends TimeRangeState {
  /** In ms since 1970: a relative range ends at this time. It identifies the search among the entries of the history. */
  readonly searchedAtMs: number;
}

/**
 * The time range of the search page. Each entry of the browser's history keeps the time of its search, so that "Back" shows the
 * same results and not newer ones.
 */
export function useSearchTime(fallback: string): SearchTime {
  const time = useTimeRange(fallback);
  const { parameters } = useAddress();
  const [count, setCount] = useState(0);
  // A new entry has no time yet, although it may have the address of the entry before.
  const searchedAtMs = useMemo(() => timeOfEntry(parameters, count), [parameters, count]);
  const refresh = useCallback(() => {
    writeEntry(Date.now());
    setCount((before) => before + 1);
  }, []);
  return useMemo(() => {
    const bounds = boundsOf(time.range, searchedAtMs);
    return {
      ...time,
      bounds,
      from: bounds === undefined ? undefined : unixNanoOf(bounds.fromMs),
      to: bounds === undefined ? undefined : unixNanoOf(bounds.toMs),
      refresh,
      searchedAtMs,
    };
  }, [time, refresh, searchedAtMs]);
}

function timeOfEntry(_parameters: URLSearchParams, _count: number): number {
  const known = (history.state as { readonly searchedAtMs?: unknown } | null)?.searchedAtMs;
  if (typeof known === 'number') return known;
  const now = Date.now();
  writeEntry(now);
  return now;
}

/** Write the time into the history without telling the router, as the address stays the same. */
function writeEntry(searchedAtMs: number): void {
  History.prototype.replaceState.call(history, { ...(history.state as object | null), searchedAtMs }, '');
}
