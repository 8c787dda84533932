import './result-steps.css';
import { useEffect, useEffectEvent, useMemo } from 'react';
import { Link, useLocation } from 'wouter';
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
  const step = (to: string | undefined): void => {
    if (to !== undefined) navigate(`/trace/${to}`, { replace: true });
  };
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    const { target, key } = event;
    const isTyping =
      target instanceof HTMLInputElement ||
      target instanceof HTMLSelectElement ||
      target instanceof HTMLTextAreaElement;
    if (index === -1 || isTyping || event.ctrlKey || event.metaKey || (key !== '[' && key !== ']')) return;
    event.preventDefault();
    step(key === '[' ? previous : next);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
  if (order === undefined || index === -1) return undefined;
  return (
    <nav className="result-steps row" aria-label="Search results">
      <Link href={order.address}>Results</Link>
      <button
        type="button"
        disabled={previous === undefined}
        title="Previous result ([)"
        onClick={() => step(previous)}
      >
        ‹ Previous
      </button>
      <span className="quiet">
        {(index + 1).toLocaleString()} of {order.traceIds.length.toLocaleString()} loaded
      </span>
      <button type="button" disabled={next === undefined} title="Next result (])" onClick={() => step(next)}>
        Next ›
      </button>
    </nav>
  );
}
