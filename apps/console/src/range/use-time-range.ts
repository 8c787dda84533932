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

/** The time range of a page, which is part of its URL. */
export interface TimeRangeState {
  readonly range: TimeRange;
  /**
   * Bounds for the API: nanoseconds since 1970 as decimal digits; undefined for an unlimited range. They change only with
   * the range or a refresh, so that all parts of a page show the same time.
   */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The same bounds in milliseconds, for charts. */
  readonly bounds: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** The same bounds as `ps_trace.time_of` reads them: `now-15m` and `now`, or absolute times. */
  readonly sqlTimes: { readonly from: string; readonly to: string };
  readonly refreshInterval: RefreshInterval;
  /** Changes the range. The browser's back button restores the previous one. */
  readonly setRange: (range: TimeRange) => void;
  readonly setRefreshInterval: (interval: RefreshInterval) => void;
  /** Moves a relative range to now, and repeats the queries of any range. */
  readonly refresh: () => void;
  /** The number of refreshes. A query that a refresh repeats has it in its key. */
  readonly refreshes: number;
}

/**
 * The time range of a page: `?range=15m`, or `?from=…&to=…` in ISO 8601. `&refresh=10s` enables auto refresh while the page is
 * visible.
 *
 * @param fallback the range of a URL without one, such as `1h` or `all`
 * @param fallbackRefresh the refresh interval of a URL without one
 */
export function useTimeRange(fallback: string, fallbackRefresh: RefreshInterval = 'off'): TimeRangeState {
  const { parameters, change } = useAddress();
  const [{ nowMs, refreshes }, setNow] = useState(() => ({ nowMs: Date.now(), refreshes: 0 }));
  const refresh = useCallback(() => setNow((now) => ({ nowMs: Date.now(), refreshes: now.refreshes + 1 })), []);
  const requested = parameters.get('refresh');
  const refreshInterval = refreshIntervals.find((each) => each === requested) ?? fallbackRefresh;
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
      // A relative range ends now.
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
    sqlTimes: sqlTimesOf(range, bounds),
    refreshInterval,
    setRange,
    setRefreshInterval,
    refresh,
    refreshes,
  };
}

function sqlTimesOf(range: TimeRange, bounds: TimeRangeState['bounds']): TimeRangeState['sqlTimes'] {
  // ps_trace.time_of reads an integer and a unit of one letter.
  if (range.kind === 'relative' && /^\d{1,6}[smhd]$/.test(range.last)) return { from: `now-${range.last}`, to: 'now' };
  if (bounds === undefined) return { from: isoOf(0), to: 'now' };
  return { from: isoOf(bounds.fromMs), to: isoOf(bounds.toMs) };
}
