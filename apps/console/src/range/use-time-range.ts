import { useCallback, useEffect, useMemo, useState } from 'react';
import { useAddress } from '../use-address.ts';
import {
  boundsOf,
  durationMs,
  isoOf,
  readRange,
  type RefreshInterval,
  refreshIntervals,
  type TimeRange,
  unixNanoOf,
  writeRange,
} from './time-range.ts';

/** The time that a page looks at, as its address says it, and how to change that. */
export interface TimeRangeState {
  readonly range: TimeRange;
  /**
   * Nanoseconds since 1970 as decimal digits, as the API takes them; undefined where all is looked at. They stay the same
   * until the range changes or the page is refreshed, so that everything on a page is of the same time.
   */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The same in milliseconds, to draw. */
  readonly bounds: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** The same in words that `ps_trace.time_of` reads: `now-15m` and `now`, or times. */
  readonly words: { readonly from: string; readonly to: string };
  readonly refreshInterval: RefreshInterval;
  /** Puts another range into the address; back leads to the one before. */
  readonly setRange: (range: TimeRange) => void;
  readonly setRefreshInterval: (interval: RefreshInterval) => void;
  /** Looks at now again: `from` and `to` move on. A range with two ends stays, but is asked for again. */
  readonly refresh: () => void;
  /** How often it was refreshed; belongs in the key of a query that is to be asked again then. */
  readonly refreshes: number;
}

/**
 * The one time range of a page: `?range=15m`, or `?from=…&to=…` in ISO 8601; `&refresh=10s` asks anew by itself, as long as
 * somebody looks at the page.
 *
 * @param fallback the range of an address that does not say, such as `1h` or `all`
 * @param fallbackRefresh how often it is refreshed when the address does not say
 */
export function useTimeRange(fallback: string, fallbackRefresh: RefreshInterval = 'off'): TimeRangeState {
  const { parameters, change } = useAddress();
  const [{ nowMs, refreshes }, setNow] = useState(() => ({ nowMs: Date.now(), refreshes: 0 }));
  const refresh = useCallback(() => setNow((now) => ({ nowMs: Date.now(), refreshes: now.refreshes + 1 })), []);
  const given = parameters.get('refresh');
  const refreshInterval = refreshIntervals.find((each) => each === given) ?? fallbackRefresh;
  useEffect(() => {
    const everyMs = durationMs(refreshInterval);
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') refresh();
    }, everyMs);
    return () => clearInterval(timer);
  }, [refreshInterval, refresh]);
  const [range, bounds] = useMemo(() => {
    const read = readRange(parameters, fallback);
    return [read, boundsOf(read, nowMs)] as const;
  }, [parameters, fallback, nowMs]);
  const setRange = useCallback(
    (next: TimeRange) => {
      // What was the last hour a while ago is not any more.
      setNow((now) => ({ ...now, nowMs: Date.now() }));
      change(writeRange(next, fallback), 'push');
    },
    [change, fallback],
  );
  const setRefreshInterval = useCallback(
    (interval: RefreshInterval) => change({ refresh: interval === fallbackRefresh ? '' : interval }),
    [change, fallbackRefresh],
  );
  return {
    range,
    bounds,
    from: bounds === undefined ? undefined : unixNanoOf(bounds.fromMs),
    to: bounds === undefined ? undefined : unixNanoOf(bounds.toMs),
    words: wordsOf(range, bounds),
    refreshInterval,
    setRange,
    setRefreshInterval,
    refresh,
    refreshes,
  };
}

function wordsOf(range: TimeRange, bounds: TimeRangeState['bounds']): TimeRangeState['words'] {
  // As ps_trace.time_of reads them: whole numbers of one letter.
  if (range.kind === 'relative' && /^\d{1,6}[smhd]$/.test(range.last)) return { from: `now-${range.last}`, to: 'now' };
  if (bounds === undefined) return { from: isoOf(0), to: 'now' };
  return { from: isoOf(bounds.fromMs), to: isoOf(bounds.toMs) };
}
