import { useEffect, useRef, useState } from 'react';
import type { SearchAnswer, TraceSummary } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { unixNanoOf } from '../range/time-range.ts';
import { questionOf, type SearchWords } from './search-words.ts';

/** From an answer to the next question: a store that is slow is asked less often. */
const restMs = 2_000;
/** After questions that failed it becomes twice as long each time, up to this. */
const maxRestMs = 30_000;
/** Spans of a trace arrive over some time: a trace is asked for as long as it is so young, and its summary grows. */
const lookbackMs = 60_000;
/** The oldest ones leave. */
const maxTraces = 500;

/** Traces that came while one looked. */
export interface Tail {
  /** The newest first. */
  readonly traces: readonly TraceSummary[];
  /** Why there was no answer the last time. */
  readonly error: Error | undefined;
}

const nothing: Tail = { traces: [], error: undefined };

/**
 * Follows what a search finds, as it arrives. It rests while nobody sees the page.
 *
 * @param isOn false to stand still; what came stays
 */
export function useTail(search: SearchWords, isOn: boolean): Tail {
  const [tail, setTail] = useState(nothing);
  const words = JSON.stringify(search);
  const ofWords = useRef(words);
  useEffect(() => {
    if (ofWords.current !== words) {
      ofWords.current = words;
      setTail(nothing);
    }
    if (!isOn) return undefined;
    const gone = new AbortController();
    void follow(JSON.parse(words) as SearchWords, gone.signal, (next) => setTail(next));
    return () => gone.abort();
  }, [words, isOn]);
  return tail;
}

async function follow(
  search: SearchWords,
  signal: AbortSignal,
  onTail: (change: (before: Tail) => Tail) => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    if (document.visibilityState === 'visible') {
      try {
        const now = Date.now();
        const question = questionOf(search, { from: unixNanoOf(now - lookbackMs), to: undefined });
        const { traces } = await get<SearchAnswer>(`traces?${question}`, signal);
        failures = 0;
        onTail((before) => ({ traces: mergedTraces(traces, before.traces).slice(0, maxTraces), error: undefined }));
      } catch (cause) {
        if (signal.aborted) return;
        failures += 1;
        const error = cause instanceof Error ? cause : new Error(String(cause));
        onTail(({ traces }) => ({ traces, error }));
      }
    }
    await rest(Math.min(maxRestMs, restMs * 2 ** failures), signal);
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Both lists, the newest first, each trace once: as the first of them has it. */
export function mergedTraces(fresh: readonly TraceSummary[], known: readonly TraceSummary[]): readonly TraceSummary[] {
  const freshIds = new Set(fresh.map(({ traceId }) => traceId));
  const all = [...fresh, ...known.filter(({ traceId }) => !freshIds.has(traceId))];
  const starts = new Map(all.map((trace) => [trace, BigInt(trace.startTimeUnixNano)]));
  const startOf = (trace: TraceSummary): bigint => starts.get(trace) ?? 0n;
  return all.toSorted((left, right) => (startOf(left) < startOf(right) ? 1 : startOf(left) > startOf(right) ? -1 : 0));
}
