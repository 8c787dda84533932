import './problems.css';
import { useState } from 'react';
import type { TraceProblem } from '../../api/types.ts';
import { Failure } from '../../failure.tsx';
import { counted, formatNumber } from '../../format/number.ts';
import type { TraceModel } from '../trace-model.ts';
import { secondsSinceArrival, useTraceProblems } from './trace-problems.ts';

const severities: Readonly<Record<TraceProblem['severity'], string>> = {
  error: 'Error',
  warning: 'Warning',
  info: 'Note',
};

/** The problems of a trace, each with a way to its spans. Renders nothing for a good trace. */
export function ProblemBanner(props: {
  readonly model: TraceModel;
  /** -1 for none. */
  readonly selected: number;
  readonly onSelect: (span: number) => void;
}) {
  const { problems, error, onRetry, hasMore, onReload } = useTraceProblems();
  const [isWide] = useState(() => matchMedia('(width > 800px)').matches);
  const isBad = problems.some(({ severity }) => severity !== 'info');
  const seconds = secondsSinceArrival(problems);
  if (error !== undefined) {
    return (
      <section className="trace-problems" aria-label="Problems of this trace">
        <Failure error={error} retry={onRetry} />
      </section>
    );
  }
  if (problems.length === 0 && !hasMore) return undefined;
  return (
    <section className={`trace-problems ${isBad ? 'warn' : ''}`} aria-label="Problems of this trace">
      {(hasMore || seconds !== undefined) && (
        // The seconds change, which a screen reader should not repeat.
        <p className="row" role={hasMore ? 'status' : undefined}>
          {hasMore
            ? 'More spans of this trace have arrived.'
            : `Still arriving: newest span ${Math.round(seconds ?? 0)} s ago.`}
          {onReload !== undefined && (
            <button type="button" onClick={onReload}>
              Reload
            </button>
          )}
        </p>
      )}
      {problems.length > 0 && (
        <details open={isWide && isBad}>
          <summary>
            {counted(problems.length, 'problem')}
            <span className="first-problem">
              : <bdi>{problems[0]?.message}</bdi>
            </span>
          </summary>
          <ul>
            {problems.map((problem, n) => (
              <li key={n} className="row">
                <span className={`severity ${problem.severity}`}>{severities[problem.severity]}</span>
                <bdi>{problem.message}</bdi>
                <ProblemSpans {...props} problem={problem} />
                {problem.kind === 'clock_skew' && <ClockSwitch />}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

/** Selects the spans of a problem, one after the other in the order of the tree. */
function ProblemSpans(props: {
  readonly model: TraceModel;
  readonly selected: number;
  readonly onSelect: (span: number) => void;
  readonly problem: TraceProblem;
}) {
  const { model, selected, onSelect, problem } = props;
  if (problem.spanIds.length === 0) return undefined;
  const ids = new Set(problem.spanIds);
  const next = (): void => {
    const spans = model.order.filter((span) => ids.has(model.waterfall.spans.id[span] ?? ''));
    const span = spans[(spans.indexOf(selected) + 1) % Math.max(spans.length, 1)];
    if (span !== undefined) onSelect(span);
  };
  const text = ids.size === 1 ? 'Go to span' : `Next of ${formatNumber(problem.spanCount)} spans`;
  return (
    <button type="button" onClick={next} aria-label={`${text}: ${problem.message}`}>
      {text}
    </button>
  );
}

/** Switches between the times that senders reported and corrected times. All clocks of the trace are corrected together. */
function ClockSwitch() {
  const { isCorrected, onCorrect } = useTraceProblems();
  return (
    <button
      type="button"
      aria-pressed={isCorrected}
      title="Moves spans by the difference of the clocks, so that calls lie within their callers"
      onClick={() => onCorrect(!isCorrected)}
    >
      Correct clocks
    </button>
  );
}
