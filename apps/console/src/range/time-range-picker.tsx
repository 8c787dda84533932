import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { inputTextOf, nameOfTimeZone, useTimeZone } from '../format/time.ts';
import './time-range-picker.css';
import {
  boundsOf,
  durationMs,
  nameOfRange,
  parseAbsolute,
  refreshIntervals,
  relativeRanges,
  shift,
  type TimeRange,
  widen,
} from './time-range.ts';
import type { TimeRangeState } from './use-time-range.ts';

/**
 * The time range picker of a page: a relative or absolute range, buttons to move and widen it, and auto refresh.
 *
 * @param state the result of `useTimeRange`
 * @param canBeAll whether the range may be unlimited
 * @param hasRefresh false for a page with its own way to refresh, such as the live tail of the search page
 */
export function TimeRangePicker({
  state,
  canBeAll = false,
  hasRefresh = true,
}: {
  readonly state: TimeRangeState;
  readonly canBeAll?: boolean;
  readonly hasRefresh?: boolean;
}) {
  const { range, setRange } = state;
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) setOpen(false);
    };
    document.addEventListener('pointerdown', closeOutside);
    document.addEventListener('focusin', closeOutside);
    return () => {
      document.removeEventListener('pointerdown', closeOutside);
      document.removeEventListener('focusin', closeOutside);
    };
  }, [isOpen]);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const select = (next: TimeRange): void => {
    setRange(next);
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !isOpen) return;
    event.stopPropagation();
    close();
  };
  const isAll = range.kind === 'all';
  return (
    <div className="range" role="group" aria-label="Time range" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        className="range-step"
        title="Move time range back"
        aria-label="Move time range back"
        disabled={isAll}
        onClick={() => setRange(shift(range, -1, Date.now()))}
      >
        ‹
      </button>
      <button
        type="button"
        className="range-open"
        ref={button}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {nameOfRange(range)}
        <span aria-hidden="true"> ▾</span>
      </button>
      <button
        type="button"
        className="range-step"
        title="Move time range forward"
        aria-label="Move time range forward"
        disabled={range.kind !== 'absolute'}
        onClick={() => setRange(shift(range, 1, Date.now()))}
      >
        ›
      </button>
      <button
        type="button"
        className="range-step"
        title="Zoom out time range"
        aria-label="Zoom out time range"
        disabled={isAll}
        onClick={() => setRange(widen(range, Date.now()))}
      >
        −
      </button>
      {hasRefresh && <Refresh state={state} />}
      {isOpen && <RangeDialog range={range} canBeAll={canBeAll} select={select} />}
    </div>
  );
}

function Refresh({ state }: { readonly state: TimeRangeState }) {
  return (
    <>
      <button type="button" className="range-step" title="Refresh" aria-label="Refresh" onClick={state.refresh}>
        ⟳
      </button>
      <select
        className="range-every"
        aria-label="Auto refresh"
        title="Auto refresh"
        value={state.refreshInterval}
        onChange={(event) =>
          state.setRefreshInterval(refreshIntervals.find((each) => each === event.target.value) ?? 'off')
        }
      >
        {refreshIntervals.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </>
  );
}

function RangeDialog({
  range,
  canBeAll,
  select,
}: {
  readonly range: TimeRange;
  readonly canBeAll: boolean;
  readonly select: (range: TimeRange) => void;
}) {
  const id = useId();
  const timeZone = useTimeZone();
  const panel = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<{ readonly of: 'last' | 'absolute'; readonly text: string }>();
  useEffect(() => {
    const pressed = panel.current?.querySelector<HTMLElement>('[aria-pressed="true"]');
    (pressed ?? panel.current?.querySelector<HTMLElement>('button'))?.focus();
  }, []);
  const shown = boundsOf(range, Date.now()) ?? { fromMs: Date.now() - 3_600_000, toMs: Date.now() };
  const text = (event: FormEvent<HTMLFormElement>, name: string): string =>
    String(new FormData(event.currentTarget).get(name) ?? '').trim();
  const submitRelative = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const last = text(event, 'last').replaceAll(' ', '');
    if (durationMs(last) === undefined)
      setError({ of: 'last', text: 'Enter a number with a unit (s, m, h or d), such as 45m.' });
    else select({ kind: 'relative', last });
  };
  const submitAbsolute = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const next = parseAbsolute(text(event, 'from'), text(event, 'to'));
    if (typeof next === 'string') setError({ of: 'absolute', text: next });
    else select(next);
  };
  /** The arrow keys move between the buttons. */
  const moveFocus = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const at = buttons.findIndex((each) => each === document.activeElement);
    if (step === 0 || at < 0) return;
    event.preventDefault();
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
  const option = (next: TimeRange) => (
    <button
      key={nameOfRange(next)}
      type="button"
      aria-pressed={nameOfRange(next) === nameOfRange(range)}
      onClick={() => select(next)}
    >
      {nameOfRange(next)}
    </button>
  );
  const alert = (of: 'last' | 'absolute') =>
    error?.of === of && (
      <p role="alert" className="bad" id={`${id}-${of}`}>
        {error.text}
      </p>
    );
  return (
    <div className="range-choice" role="dialog" aria-label="Select time range" ref={panel}>
      <div className="range-list" role="group" aria-label="Relative time ranges" onKeyDown={moveFocus}>
        {relativeRanges.map((last) => option({ kind: 'relative', last }))}
        {canBeAll && option({ kind: 'all' })}
      </div>
      <div className="range-forms">
        <form onSubmit={submitRelative}>
          <label>
            Last
            <input
              name="last"
              size={6}
              placeholder="45m"
              autoComplete="off"
              defaultValue={range.kind === 'relative' ? range.last : ''}
              aria-describedby={`${id}-last`}
            />
          </label>
          <button type="submit">Apply</button>
          {alert('last')}
        </form>
        <form noValidate onSubmit={submitAbsolute}>
          <label>
            From
            <input
              name="from"
              type="datetime-local"
              step={1}
              defaultValue={inputTextOf(shown.fromMs)}
              aria-describedby={`${id}-absolute`}
            />
          </label>
          <label>
            To
            <input
              name="to"
              type="datetime-local"
              step={1}
              defaultValue={inputTextOf(shown.toMs)}
              aria-describedby={`${id}-absolute`}
            />
          </label>
          {alert('absolute')}
          <button type="submit" className="primary">
            Apply time range
          </button>
          <p className="quiet">Time zone: {nameOfTimeZone(timeZone)}</p>
        </form>
      </div>
    </div>
  );
}
