import { createContext, useContext } from 'react';
import type { TraceProblem } from '../../api/types.ts';

/** What is known to be wrong with the shown trace. */
export interface TraceProblems {
  readonly problems: readonly TraceProblem[];
  /** A text per span with a problem, by span ID. */
  readonly marks: ReadonlyMap<string, string>;
  /** Whether clocks are corrected in the shown trace. */
  readonly isCorrected: boolean;
  readonly onCorrect: (isCorrected: boolean) => void;
  /** The check failed. */
  readonly error: Error | undefined;
  readonly onRetry: () => void;
  /** Whether spans that were missing have arrived since the trace was loaded. */
  readonly hasMore: boolean;
  /** Loads the trace again. Undefined if it comes from a file. */
  readonly onReload: (() => void) | undefined;
}

const nothing: TraceProblems = {
  problems: [],
  marks: new Map(),
  isCorrected: false,
  onCorrect: () => undefined,
  error: undefined,
  onRetry: () => undefined,
  hasMore: false,
  onReload: undefined,
};

export const TraceProblemsContext = createContext(nothing);

export function useTraceProblems(): TraceProblems {
  return useContext(TraceProblemsContext);
}

/** Spans of a trace can follow for this long after the last one. */
const arrivingForS = 60;

/** Seconds since the newest span was received, if the trace is incomplete and more spans may follow. */
export function secondsSinceArrival(problems: readonly TraceProblem[]): number | undefined {
  const seconds = problems.find(({ receivedS }) => receivedS !== null)?.receivedS ?? Infinity;
  return seconds < arrivingForS ? seconds : undefined;
}
