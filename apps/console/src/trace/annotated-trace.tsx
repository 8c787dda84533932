import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ProblemsResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { useAddress } from '../use-address.ts';
import { correctClocks } from './clock-correction.ts';
import { genAiSummaryOf, genAiTotals } from './gen-ai/gen-ai-spans.ts';
import { noGenAi, TraceGenAiContext } from './gen-ai/trace-gen-ai.ts';
import { problemMarks } from './problems/problem-marks.ts';
import { secondsSinceArrival, type TraceProblems, TraceProblemsContext } from './problems/trace-problems.ts';
import { type TraceModel, traceModelOf } from './trace-model.ts';
import { storedSource, type TraceSource } from './trace-source.ts';
import { TraceView } from './trace-view.tsx';

interface Props {
  readonly model: TraceModel;
  readonly source: TraceSource;
  /** Loads the trace again; undefined for a trace from a file. */
  readonly onReload?: () => void;
}

/** While a trace is arriving, its problems are checked this often. */
const arrivalCheckMs = 5_000;
const noProblems: ProblemsResponse['problems'] = [];

/**
 * A trace with its problems, with corrected clocks if the URL says so, and with its calls of models. The store finds
 * problems, so a trace from a file has none.
 */
export function AnnotatedTrace({ model, source, onReload }: Props) {
  const { parameters, change } = useAddress();
  const { traceId, spans } = model.waterfall;
  const isStored = source.exportPath !== undefined;
  const checked = useQuery({
    queryKey: ['problems', source.key, spans.id.length],
    enabled: isStored,
    queryFn: async ({ signal }) => (await get<ProblemsResponse>(`traces/${traceId}/problems`, signal)).problems,
    staleTime: Infinity,
    refetchInterval: ({ state }) =>
      secondsSinceArrival(state.data ?? noProblems) === undefined ? false : arrivalCheckMs,
  });
  const problems = checked.data ?? noProblems;
  const hasSkew = problems.some(({ kind }) => kind === 'clock_skew');
  const isCorrected = hasSkew && parameters.get('clocks') === 'corrected';
  const shown = useMemo(
    () => (isCorrected ? correctedTrace(model, problems) : { model, source }),
    [isCorrected, model, source, problems],
  );

  const isChecked = checked.data !== undefined && problems.every(({ kind }) => kind !== 'not_checked');
  const missing = problems.find(({ kind }) => kind === 'missing_parent')?.spanCount ?? 0;
  const orphans = useMemo(() => model.isOrphan.reduce((sum, each) => sum + each, 0), [model]);
  const known: TraceProblems = {
    problems,
    marks: useMemo(() => problemMarks(problems), [problems]),
    isCorrected,
    onCorrect: (next) => change({ clocks: next ? 'corrected' : undefined, zoom: undefined }),
    error: checked.error ?? undefined,
    onRetry: () => void checked.refetch(),
    hasMore: isChecked && missing !== orphans,
    onReload,
  };

  const genAi = useQuery({
    queryKey: ['gen-ai', source.key, spans.id.length],
    queryFn: ({ signal }) => source.genAi(false, signal),
    staleTime: Infinity,
  });
  const models = useMemo(() => {
    if (genAi.data === undefined || genAi.data.spans.length === 0) return noGenAi;
    const summaries = new Map(genAi.data.spans.map(({ spanId, attributes }) => [spanId, genAiSummaryOf(attributes)]));
    return { summaries, totals: genAiTotals(summaries, model) };
  }, [genAi.data, model]);
  return (
    <TraceProblemsContext value={known}>
      <TraceGenAiContext value={models}>
        <TraceView {...shown} />
      </TraceGenAiContext>
    </TraceProblemsContext>
  );
}

function correctedTrace(model: TraceModel, problems: ProblemsResponse['problems']) {
  const { waterfall, reported } = correctClocks(model, problems);
  // The store finds spans by the reported times. Spans have other indexes now, so the cache needs another key.
  return {
    model: traceModelOf(waterfall),
    source: { ...storedSource({ waterfall: reported }), key: `${waterfall.traceId} corrected` },
  };
}
