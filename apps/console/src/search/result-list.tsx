import { type KeyboardEvent, useRef } from 'react';
import { Link } from 'wouter';
import type { TraceSummary } from '../api/types.ts';
import { CopyButton } from '../copy-button.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { serviceColour } from '../service-colour.ts';

/** Further services are only counted. */
const maxServices = 12;

/**
 * A list of trace summaries. The arrow keys move between them.
 *
 * @param selected IDs of the traces to compare
 */
export function ResultList({
  traces,
  selected,
  onSelect,
}: {
  readonly traces: readonly TraceSummary[];
  readonly selected: readonly string[];
  readonly onSelect: (traceId: string, isSelected: boolean) => void;
}) {
  const list = useRef<HTMLOListElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const links = [...(list.current?.querySelectorAll<HTMLElement>('a') ?? [])];
    const here = links.findIndex((link) => link === document.activeElement);
    const next = links[here + step];
    if (step === 0 || here === -1 || next === undefined) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <ol ref={list} className="results" onKeyDown={onKeyDown}>
      {traces.map((trace) => (
        <Result
          key={trace.traceId}
          trace={trace}
          isSelected={selected.includes(trace.traceId)}
          onSelect={(isSelected) => onSelect(trace.traceId, isSelected)}
        />
      ))}
    </ol>
  );
}

function Result({
  trace,
  isSelected,
  onSelect,
}: {
  readonly trace: TraceSummary;
  readonly isSelected: boolean;
  readonly onSelect: (isSelected: boolean) => void;
}) {
  const others = trace.services.length - maxServices;
  return (
    <li>
      <input
        type="checkbox"
        aria-label={`Compare trace ${trace.traceId}`}
        title="Select two traces to compare"
        checked={isSelected}
        onChange={({ target }) => onSelect(target.checked)}
      />
      <Link href={`/trace/${trace.traceId}`}>
        <span className="result-name">
          {trace.root === null ? (
            <>
              <bdi className="service">{trace.firstSpan.service}</bdi> <bdi>{trace.firstSpan.operation}</bdi>{' '}
              <em title="Every span names a parent. This is the first span">
                incomplete, no root span
                {trace.orphans > 0 && `: ${counted(trace.orphans, 'span')} with a missing parent`}
              </em>
            </>
          ) : (
            <>
              <bdi className="service">{trace.root.service}</bdi> <bdi>{trace.root.operation}</bdi>
            </>
          )}
        </span>
        <span className="number">{formatDuration(trace.durationNs)}</span>
        <span className="number">{counted(trace.spans, 'span')}</span>
        <span className={trace.errors > 0 ? 'number bad' : 'number quiet'}>{counted(trace.errors, 'error')}</span>
        <span className="services">
          {trace.services.slice(0, maxServices).map(({ name, spans, errors }) => (
            <span key={name} title={`${name}: ${counted(spans, 'span')}, ${counted(errors, 'error')}`}>
              <span className={`dot ${serviceColour(name)}`} aria-hidden="true" />
              <bdi>{name}</bdi> <span className={errors > 0 ? 'bad' : 'quiet'}>{spans.toLocaleString()}</span>
            </span>
          ))}
          {others > 0 && <span className="quiet">and {others} more</span>}
        </span>
        <time className="quiet">{formatTime(trace.startTimeUnixNano)}</time>
      </Link>
      <CopyButton text={trace.traceId} what={`trace ID ${trace.traceId}`} />
    </li>
  );
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? '' : 's'}`;
}
