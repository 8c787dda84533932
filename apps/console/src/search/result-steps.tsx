import './result-steps.css';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import { formatNumber } from '../format/number.ts';
import { keyTexts } from '../keys/shortcuts.ts';
import { useShortcuts } from '../keys/use-shortcuts.ts';
import { resultKeys } from '../trace/trace-keys.ts';
import { resultOrder } from './result-order.ts';

/**
 * Steps from a trace to the previous and the next result of the search that it was opened from, with the keys `[` and `]`.
 * Nothing if the last search in this tab did not find the trace.
 */
export function ResultSteps({ traceId }: { readonly traceId: string }) {
  const [, navigate] = useLocation();
  const order = useMemo(() => resultOrder(), []);
  const index = order?.traceIds.indexOf(traceId) ?? -1;
  const previous = order?.traceIds[index - 1];
  const next = index === -1 ? undefined : order?.traceIds[index + 1];
  // The entry of the history is replaced, so that "Back" leads to the results.
  const step = (to: string | undefined): boolean => {
    if (to !== undefined) navigate(`/trace/${to}`, { replace: true });
    return to !== undefined;
  };
  useShortcuts(resultKeys, { previous: () => step(previous), next: () => step(next) });
  if (order === undefined || index === -1) return undefined;
  return (
    <nav className="result-steps row" aria-label="Search results">
      <Link href={order.address}>Results</Link>
      <button
        type="button"
        disabled={previous === undefined}
        title={`Previous result (${keyTexts(resultKeys.previous).join(', ')})`}
        onClick={() => step(previous)}
      >
        ‹ Previous
      </button>
      <span className="quiet">
        {formatNumber(index + 1)} of {formatNumber(order.traceIds.length)} loaded
      </span>
      <button
        type="button"
        disabled={next === undefined}
        title={`Next result (${keyTexts(resultKeys.next).join(', ')})`}
        onClick={() => step(next)}
      >
        Next ›
      </button>
    </nav>
  );
}
