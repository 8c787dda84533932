import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { formatDuration } from '../format/duration.ts';
import { colourOf, coloursOf, onAppearance } from './canvas-appearance.ts';
import { type FlameLayout, flameLayoutOf } from './flame-layout.ts';
import { failedStatus } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';
import type { TimeWindow } from './waterfall-rows.tsx';

const rowHeightPx = 20;
/** A narrower box has no room for a name. */
const leastNamedPx = 40;
const zoomStep = 1.5;
/** A shorter pull is a click. */
const leastPullPx = 4;
/** The address follows when the zoom has come to rest. */
const restMs = 200;

interface Props {
  readonly model: TraceModel;
  /** 1 for each span that is asked for; the others are pale. Undefined for all. */
  readonly wanted: Uint8Array | undefined;
  readonly found: ReadonlySet<number>;
  /** -1 for none. */
  readonly selected: number;
  readonly zoom: TimeWindow | undefined;
  readonly onZoom: (zoom: TimeWindow | undefined) => void;
  readonly onSelect: (span: number) => void;
}

/**
 * A trace as boxes: as wide as spans take, below what called them. It is one picture however many spans there are; who
 * listens hears the span that the keyboard has come to, and has the waterfall.
 */
export function FlameGraph(props: Props) {
  const { model, wanted, found, selected, onSelect } = props;
  const layout = useMemo(() => flameLayoutOf(model), [model]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { window, setWindow, wholeNs } = useWindow(props);
  const [pointed, setPointed] = useState<{ readonly span: number; readonly x: number; readonly y: number }>();
  const pull = useRef<{ readonly x: number; readonly window: TimeWindow; isFar: boolean }>(undefined);

  useEffect(() => {
    const element = canvas.current;
    const parent = scroller.current;
    if (element === null || parent === null) return undefined;
    let isAsked = 0;
    const redraw = (): void => {
      cancelAnimationFrame(isAsked);
      isAsked = requestAnimationFrame(() =>
        draw(element, { model, layout, wanted, found, selected, window, topPx: parent.scrollTop }),
      );
    };
    redraw();
    parent.addEventListener('scroll', redraw, { passive: true });
    const ignore = onAppearance(element, redraw);
    return () => {
      cancelAnimationFrame(isAsked);
      parent.removeEventListener('scroll', redraw);
      ignore();
    };
  }, [model, layout, wanted, found, selected, window]);

  useEffect(() => {
    const parent = scroller.current;
    if (selected === -1 || parent === null) return;
    const top = (layout.row[selected] ?? 0) * rowHeightPx;
    if (top < parent.scrollTop) parent.scrollTop = top;
    else if (top + rowHeightPx > parent.scrollTop + parent.clientHeight) {
      parent.scrollTop = top + rowHeightPx - parent.clientHeight;
    }
  }, [selected, layout]);

  const zoomBy = (factor: number, around = 0.5): void => {
    const [from, to] = window;
    const length = Math.min(wholeNs, Math.max(1, (to - from) / factor));
    const begin = Math.max(0, Math.min(wholeNs - length, from + (to - from - length) * around));
    setWindow([begin, begin + length]);
  };
  const zoomTo = (span: number): void => {
    const start = model.answer.spans.startNs[span] ?? 0;
    const duration = Math.max(model.answer.spans.durationNs[span] ?? 0, 1);
    setWindow([start, start + duration]);
  };

  const wheel = useRef<(event: WheelEvent) => void>(undefined);
  useEffect(() => {
    wheel.current = (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
      zoomBy(event.deltaY < 0 ? zoomStep : 1 / zoomStep, (event.clientX - left) / width);
    };
  });
  useEffect(() => {
    const element = scroller.current;
    // React's own listeners may not keep the page from being zoomed.
    const listener = (event: WheelEvent): void => wheel.current?.(event);
    element?.addEventListener('wheel', listener, { passive: false });
    return () => element?.removeEventListener('wheel', listener);
  }, []);

  const spanAt = (event: MouseEvent): number => {
    const element = canvas.current;
    if (element === null) return -1;
    const { left, top, width } = element.getBoundingClientRect();
    const row = layout.rows[Math.floor((event.clientY - top + (scroller.current?.scrollTop ?? 0)) / rowHeightPx)];
    const nsPerPx = (window[1] - window[0]) / width;
    return row === undefined ? -1 : spanAround(model, row, window[0] + (event.clientX - left) * nsPerPx, nsPerPx);
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    const from = pull.current;
    if (from === undefined) {
      const span = spanAt(event);
      const { left, top } = event.currentTarget.getBoundingClientRect();
      setPointed(span === -1 ? undefined : { span, x: event.clientX - left, y: event.clientY - top });
      return;
    }
    const movedPx = event.clientX - from.x;
    if (!from.isFar && Math.abs(movedPx) < leastPullPx) return;
    from.isFar = true;
    setPointed(undefined);
    const length = from.window[1] - from.window[0];
    const begin = from.window[0] - (movedPx / event.currentTarget.clientWidth) * length;
    const kept = Math.max(0, Math.min(wholeNs - length, begin));
    setWindow([kept, kept + length]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = neighbourOf(model, layout, selected, event.key);
    if (next !== undefined) onSelect(next);
    else if (event.key === 'Enter' && selected !== -1) zoomTo(selected);
    else if (event.key === '+' || event.key === '=') zoomBy(zoomStep);
    else if (event.key === '-') zoomBy(1 / zoomStep);
    else if (event.key === '0') setWindow(undefined);
    else return;
    event.preventDefault();
  };

  return (
    <div className="flame">
      <div className="row quiet flame-tools">
        <button type="button" onClick={() => zoomBy(zoomStep)} aria-label="Zoom in" title="Zoom in ( + )">
          +
        </button>
        <button type="button" onClick={() => zoomBy(1 / zoomStep)} aria-label="Zoom out" title="Zoom out ( − )">
          −
        </button>
        <span>
          {formatDuration(window[0])} to {formatDuration(window[1])}
        </span>
        <span className="hint">Double click or Enter for a span, pull to move, Ctrl and wheel to zoom</span>
      </div>
      <div className="flame-picture">
        <canvas ref={canvas} />
        <div
          ref={scroller}
          className="flame-scroll"
          tabIndex={0}
          role="application"
          aria-label="Flame graph: arrow keys go from span to span"
          aria-describedby="flame-span"
          onKeyDown={onKeyDown}
          onPointerDown={(event) => {
            if (event.button === 0 && event.pointerType !== 'touch') {
              pull.current = { x: event.clientX, window, isFar: false };
              event.currentTarget.setPointerCapture(event.pointerId);
            }
          }}
          onPointerMove={onPointerMove}
          onPointerUp={() => {
            // The click comes after it.
            setTimeout(() => void (pull.current = undefined));
          }}
          onPointerCancel={() => void (pull.current = undefined)}
          onPointerLeave={() => setPointed(undefined)}
          onClick={(event) => {
            const span = spanAt(event);
            if (span !== -1 && pull.current?.isFar !== true) onSelect(span);
          }}
          onDoubleClick={(event) => {
            const span = spanAt(event);
            if (span !== -1) zoomTo(span);
          }}
        >
          <div style={{ height: layout.rows.length * rowHeightPx }} />
        </div>
        {pointed !== undefined && (
          <div className="pointed" style={{ left: pointed.x, top: pointed.y }} aria-hidden="true">
            <bdi>{labelOf(model, pointed.span)}</bdi>
          </div>
        )}
      </div>
      <p id="flame-span" className="only-heard" aria-live="polite">
        {selected === -1 ? '' : labelOf(model, selected)}
      </p>
    </div>
  );
}

/** The part of the time that is drawn: moved at once, and noted in the address when it has come to rest. */
function useWindow({ model, zoom, onZoom }: Pick<Props, 'model' | 'zoom' | 'onZoom'>) {
  const wholeNs = Math.max(model.answer.durationNs, 1);
  const [moving, setMoving] = useState<TimeWindow>();
  const note = useRef(onZoom);
  useEffect(() => {
    note.current = onZoom;
  });
  useEffect(() => {
    if (moving === undefined) return undefined;
    const timer = setTimeout(() => {
      note.current(moving[1] - moving[0] >= wholeNs ? undefined : moving);
      setMoving(undefined);
    }, restMs);
    return () => clearTimeout(timer);
  }, [moving, wholeNs]);
  const window = useMemo(() => moving ?? zoom ?? ([0, wholeNs] as const), [moving, zoom, wholeNs]);
  return { window, wholeNs, setWindow: (next: TimeWindow | undefined) => setMoving(next ?? [0, wholeNs]) };
}

function labelOf(model: TraceModel, span: number): string {
  const { operations, spans } = model.answer;
  const [service, name] = operations[spans.operation[span] ?? 0] ?? ['', ''];
  const failed = spans.status[span] === failedStatus ? ', failed' : '';
  const self = formatDuration(model.selfNs[span] ?? 0);
  return `${service} ${name}, ${formatDuration(spans.durationNs[span] ?? 0)}, of it ${self} itself${failed}`;
}

/** The span that a key leads to from another; undefined for a key that leads nowhere. */
function neighbourOf(model: TraceModel, layout: FlameLayout, selected: number, key: string): number | undefined {
  if (!key.startsWith('Arrow')) return undefined;
  if (selected === -1) return model.order[0];
  const { order, place, parent, childCount } = model;
  const up = parent[selected] ?? -1;
  if (key === 'ArrowUp') return up === -1 ? selected : up;
  if (key === 'ArrowDown') {
    // The first child comes right after its parent.
    return (childCount[selected] ?? 0) > 0 ? order[(place[selected] ?? 0) + 1] : selected;
  }
  const row = layout.rows[layout.row[selected] ?? 0] ?? [];
  return row[row.indexOf(selected) + (key === 'ArrowRight' ? 1 : -1)] ?? selected;
}

/** The first of a row's spans that ends at a time or later: a row's ends are in order, as its starts are. */
function firstEndingFrom({ answer: { spans } }: TraceModel, row: readonly number[], ns: number): number {
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = row[middle] ?? 0;
    if ((spans.startNs[span] ?? 0) + (spans.durationNs[span] ?? 0) < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A span of a row at a time, or one that is drawn there since it is too short to be seen. */
function spanAround(model: TraceModel, row: readonly number[], ns: number, nsPerPx: number): number {
  const span = row[firstEndingFrom(model, row, ns - nsPerPx)];
  if (span === undefined || (model.answer.spans.startNs[span] ?? 0) > ns + nsPerPx) return -1;
  return span;
}

interface Picture extends Pick<Props, 'model' | 'wanted' | 'found' | 'selected'> {
  readonly layout: FlameLayout;
  readonly window: TimeWindow;
  readonly topPx: number;
}

function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const { model, layout, wanted, found, selected, window, topPx } = picture;
  const { spans, operations } = model.answer;
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(ratio, ratio);
  const colours = coloursOf(canvas, operations);
  const failed = colourOf(canvas, 'colour-bad');
  const ink = colourOf(canvas, 'colour-text');
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = 'middle';
  const pxPerNs = width / (window[1] - window[0]);
  const last = Math.min(layout.rows.length - 1, Math.floor((topPx + height) / rowHeightPx));
  for (let row = Math.floor(topPx / rowHeightPx); row <= last; row++) {
    const own = layout.rows[row] ?? [];
    const y = row * rowHeightPx - topPx;
    let drawnToPx = -Infinity;
    for (let n = firstEndingFrom(model, own, window[0]); n < own.length; n++) {
      const span = own[n] ?? 0;
      const startNs = spans.startNs[span] ?? 0;
      if (startNs > window[1]) break;
      const x = Math.max(0, (startNs - window[0]) * pxPerNs);
      const end = Math.min(width, (startNs + (spans.durationNs[span] ?? 0) - window[0]) * pxPerNs);
      const isMarked = span === selected || found.has(span);
      // What would be drawn over the same pixels is not to be seen.
      if (end <= drawnToPx && !isMarked) continue;
      const boxWidth = Math.max(1, end - x - 0.5);
      drawnToPx = Math.max(drawnToPx, Math.ceil(x + 1));
      const isPale = wanted !== undefined && wanted[span] === 0;
      // A tint, on which text can be read whatever the colour.
      context.globalAlpha = isPale ? 0.12 : 0.5;
      context.fillStyle = colours[spans.operation[span] ?? 0] ?? ink;
      context.fillRect(x, y + 1, boxWidth, rowHeightPx - 2);
      context.globalAlpha = isPale ? 0.4 : 1;
      if (spans.status[span] === failedStatus) {
        context.fillStyle = failed;
        context.fillRect(x, y + rowHeightPx - 4, boxWidth, 3);
      }
      if (boxWidth >= leastNamedPx) {
        context.fillStyle = ink;
        context.fillText(
          fitting(operations[spans.operation[span] ?? 0]?.[1] ?? '', boxWidth - 8),
          x + 4,
          y + rowHeightPx / 2,
        );
      }
      context.globalAlpha = 1;
      if (isMarked) {
        context.strokeStyle = ink;
        context.lineWidth = span === selected ? 2 : 1;
        context.strokeRect(x + 1, y + 1, Math.max(boxWidth - 2, 1), rowHeightPx - 2);
      }
    }
  }
}

/** About as much of a name as there is room for: measuring each would take longer than drawing it. */
function fitting(name: string, widthPx: number): string {
  const characters = Math.floor(widthPx / 6.5);
  return name.length <= characters ? name : `${name.slice(0, Math.max(characters - 1, 1))}…`;
}
