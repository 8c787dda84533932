import { useEffect, useRef, useState } from 'react';
import type { SearchResponse, TraceSummary } from '../api/types.ts';
import { get } from '../api/client.ts';
import { unixNanoOf } from '../range/time-range.ts';
import { type SearchParameters, searchQueryString } from './search-parameters.ts';

/** The pause between a response and the next request. A slow store is therefore queried less often. */
const pauseMs = 2_000;
/** The pause doubles after each failed request, up to this. */
const maxPauseMs = 30_000;
/** The spans of a trace arrive over time. A trace is queried again for this long after its start. */
const lookbackMs = 60_000;
/** Older traces are dropped. */
const maxTraces = 500;

/** Traces that arrived since the live tail was started. */
export interface Tail {
  /** Newest first. */
  readonly traces: readonly TraceSummary[];
  /** The error of the last request. */
  readonly error: Error | undefined;
}

const empty: Tail = { traces: [], error: undefined };

/**
 * Follow a search: new traces are added as they arrive. It pauses while the page is hidden.
 *
 * @param isOn false to pause; the traces so far stay
 */
export function useTail(search: SearchParameters, isOn: boolean): Tail {
  const [tail, setTail] = useState(empty);
  const searchKey = JSON.stringify(search);
  const previousKey = useRef(searchKey);
  useEffect(() => {
    if (previousKey.current !== searchKey) {
      previousKey.current = searchKey;
      setTail(empty);
    }
    if (!isOn) return undefined;
    const stop = new AbortController();
    void follow(JSON.parse(searchKey) as SearchParameters, stop.signal, (next) => setTail(next));
    return () => stop.abort();
  }, [searchKey, isOn]);
  return tail;
}

async function follow(
  search: SearchParameters,
  signal: AbortSignal,
  onTail: (change: (before: Tail) => Tail) => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    if (document.visibilityState === 'visible') {
      try {
        const now = Date.now();
        const queryString = searchQueryString(search, { from: unixNanoOf(now - lookbackMs), to: undefined });
        const { traces } = await get<SearchResponse>(`traces?${queryString}`, signal);
        failures = 0;
        onTail((before) => ({ traces: mergedTraces(traces, before.traces).slice(0, maxTraces), error: undefined }));
      } catch (cause) {
        if (signal.aborted) return;
        failures += 1;
        const error = cause instanceof Error ? cause : new Error(String(cause));
        onTail(({ traces }) => ({ traces, error }));
      }
    }
    await pause(Math.min(maxPauseMs, pauseMs * 2 ** failures), signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The latest value, or while it is held the one from before. */
export function useHeld<Value>(value: Value, isHeld: boolean): Value {
  const [held, setHeld] = useState(value);
  if (!isHeld && held !== value) setHeld(value);
  return isHeld ? held : value;
}

/** Merge two lists, newest first. For a trace in both, the first list wins. */
export function mergedTraces(fresh: readonly TraceSummary[], known: readonly TraceSummary[]): readonly TraceSummary[] {
  const freshIds = new Set(fresh.map(({ traceId }) => traceId));
  const all = [...fresh, ...known.filter(({ traceId }) => !freshIds.has(traceId))];
  const starts = new Map(all.map((trace) => [trace, BigInt(trace.startTimeUnixNano)]));
  const startOf = (trace: TraceSummary): bigint => starts.get(trace) ?? 0n;
  return all.toSorted((left, right) => (startOf(left) < startOf(right) ? 1 : startOf(left) > startOf(right) ? -1 : 0));
}
