import { createContext, useContext } from 'react';
import type { GenAiSummary, GenAiTotals } from './gen-ai-spans.ts';

/** The spans of the shown trace that call generative AI models, agents and tools. */
export interface TraceGenAi {
  /** By span ID. */
  readonly summaries: ReadonlyMap<string, GenAiSummary>;
  /** Undefined without such spans. */
  readonly totals: GenAiTotals | undefined;
}

export const noGenAi: TraceGenAi = { summaries: new Map(), totals: undefined };

export const TraceGenAiContext = createContext(noGenAi);

export function useTraceGenAi(): TraceGenAi {
  return useContext(TraceGenAiContext);
}
