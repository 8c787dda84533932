import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import './time-range-picker.css';
import {
  boundsOf,
  durationMs,
  localText,
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
 * Shows and changes the time that a page looks at: the last so much, or from–to; earlier, later, wider; how often it is
 * refreshed. A page has one, and gives it what `useTimeRange` gave.
 *
 * @param state of the page
 * @param canBeAll whether all that is stored can be asked for
 * @param hasRefresh whether there is something to refresh; Search, say, has a tail of its own
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
  const whole = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && whole.current?.contains(event.target) === false) setOpen(false);
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
  const choose = (next: TimeRange): void => {
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
    <div className="range" role="group" aria-label="Time range" ref={whole} onKeyDown={onKeyDown}>
      <button
        type="button"
        className="range-step"
        title="Earlier"
        aria-label="Earlier"
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
        title="Later"
        aria-label="Later"
        disabled={range.kind !== 'absolute'}
        onClick={() => setRange(shift(range, 1, Date.now()))}
      >
        ›
      </button>
      <button
        type="button"
        className="range-step"
        title="Wider: twice the time"
        aria-label="Wider"
        disabled={isAll}
        onClick={() => setRange(widen(range, Date.now()))}
      >
        −
      </button>
      {hasRefresh && <Refresh state={state} />}
      {isOpen && <RangeChoice range={range} canBeAll={canBeAll} choose={choose} />}
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
        aria-label="Refresh by itself"
        title="Refresh by itself"
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

function RangeChoice({
  range,
  canBeAll,
  choose,
}: {
  readonly range: TimeRange;
  readonly canBeAll: boolean;
  readonly choose: (range: TimeRange) => void;
}) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState<{ readonly of: 'last' | 'absolute'; readonly text: string }>();
  useEffect(() => {
    const chosen = panel.current?.querySelector<HTMLElement>('[aria-pressed="true"]');
    (chosen ?? panel.current?.querySelector<HTMLElement>('button'))?.focus();
  }, []);
  const shown = boundsOf(range, Date.now()) ?? { fromMs: Date.now() - 3_600_000, toMs: Date.now() };
  const text = (event: FormEvent<HTMLFormElement>, name: string): string =>
    String(new FormData(event.currentTarget).get(name) ?? '').trim();
  const chooseLast = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const last = text(event, 'last').replaceAll(' ', '');
    if (durationMs(last) === undefined) setFailure({ of: 'last', text: 'A number with s, m, h or d, such as 45m.' });
    else choose({ kind: 'relative', last });
  };
  const chooseAbsolute = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const next = parseAbsolute(text(event, 'from'), text(event, 'to'));
    if (typeof next === 'string') setFailure({ of: 'absolute', text: next });
    else choose(next);
  };
  /** Up and down go from one to the next, as in a list. */
  const walk = (event: KeyboardEvent<HTMLDivElement>): void => {
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
      onClick={() => choose(next)}
    >
      {nameOfRange(next)}
    </button>
  );
  const alert = (of: 'last' | 'absolute') =>
    failure?.of === of && (
      <p role="alert" className="bad" id={`${id}-${of}`}>
        {failure.text}
      </p>
    );
  return (
    <div className="range-choice" role="dialog" aria-label="Choose a time range" ref={panel}>
      <div className="range-list" role="group" aria-label="Relative to now" onKeyDown={walk}>
        {relativeRanges.map((last) => option({ kind: 'relative', last }))}
        {canBeAll && option({ kind: 'all' })}
      </div>
      <div className="range-forms">
        <form onSubmit={chooseLast}>
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
        <form noValidate onSubmit={chooseAbsolute}>
          <label>
            From
            <input
              name="from"
              type="datetime-local"
              step={1}
              defaultValue={localText(shown.fromMs)}
              aria-describedby={`${id}-absolute`}
            />
          </label>
          <label>
            To
            <input
              name="to"
              type="datetime-local"
              step={1}
              defaultValue={localText(shown.toMs)}
              aria-describedby={`${id}-absolute`}
            />
          </label>
          {alert('absolute')}
          <button type="submit" className="primary">
            Apply from and to
          </button>
          <p className="quiet">Times of {Intl.DateTimeFormat().resolvedOptions().timeZone}</p>
        </form>
      </div>
    </div>
  );
}
