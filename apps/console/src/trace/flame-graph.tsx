import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { formatDuration } from '../format/duration.ts';
import { keyTexts, runShortcut } from '../keys/shortcuts.ts';
import { operationText } from '../operation-name.tsx';
import { onAppearance } from './canvas-appearance.ts';
import { drawFlame, type FlameState, rowHeightPx } from './flame-drawing.ts';
import { flameLayoutOf } from './flame-layout.ts';
import { type FlameDirection, neighbourOf, spanAround } from './flame-navigation.ts';
import { failedStatus } from './trace-filter.ts';
import { flameKeys } from './trace-keys.ts';
import type { TraceModel } from './trace-model.ts';
import type { TimeWindow } from './waterfall-rows.tsx';

const zoomStep = 1.5;
/** A shorter drag is a click. */
const minDragPx = 4;
/** The URL is updated after the zoom has not changed for this time. */
const settledMs = 200;

interface Props extends Pick<FlameState, 'model' | 'matching' | 'found' | 'selected'> {
  readonly zoom: TimeWindow | undefined;
  readonly onZoom: (zoom: TimeWindow | undefined) => void;
  readonly onSelect: (span: number) => void;
}

/**
 * A trace as boxes: each span is as wide as its duration, below its parent. All spans are drawn on one canvas. Screen readers
 * hear the selected span; the waterfall has the same spans as a tree.
 */
export function FlameGraph(props: Props) {
  const { model, matching, found, selected, onSelect } = props;
  const layout = useMemo(() => flameLayoutOf(model), [model]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { window, setWindow, wholeNs } = useWindow(props);
  const [hovered, setHovered] = useState<{ readonly span: number; readonly x: number; readonly y: number }>();
  const drag = useRef<{ readonly x: number; readonly window: TimeWindow; hasMoved: boolean }>(undefined);

  useEffect(() => {
    const element = canvas.current;
    const parent = scroller.current;
    if (element === null || parent === null) return undefined;
    let frame = 0;
    const redraw = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() =>
        drawFlame(element, { model, layout, matching, found, selected, window, topPx: parent.scrollTop }),
      );
    };
    redraw();
    parent.addEventListener('scroll', redraw, { passive: true });
    const stopObserving = onAppearance(element, redraw);
    return () => {
      cancelAnimationFrame(frame);
      parent.removeEventListener('scroll', redraw);
      stopObserving();
    };
  }, [model, layout, matching, found, selected, window]);

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
    const start = model.waterfall.spans.startNs[span] ?? 0;
    const duration = Math.max(model.waterfall.spans.durationNs[span] ?? 0, 1);
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
    // React registers wheel listeners as passive; those cannot prevent the browser's own zoom.
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
    const from = drag.current;
    if (from === undefined) {
      const span = spanAt(event);
      const { left, top } = event.currentTarget.getBoundingClientRect();
      setHovered(span === -1 ? undefined : { span, x: event.clientX - left, y: event.clientY - top });
      return;
    }
    const movedPx = event.clientX - from.x;
    if (!from.hasMoved && Math.abs(movedPx) < minDragPx) return;
    from.hasMoved = true;
    setHovered(undefined);
    const length = from.window[1] - from.window[0];
    const begin = from.window[0] - (movedPx / event.currentTarget.clientWidth) * length;
    const clamped = Math.max(0, Math.min(wholeNs - length, begin));
    setWindow([clamped, clamped + length]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const go = (direction: FlameDirection) => (): void => onSelect(neighbourOf(model, layout, selected, direction));
    const isHandled = runShortcut(flameKeys, event, {
      parent: go('parent'),
      child: go('child'),
      before: go('before'),
      after: go('after'),
      zoomToSpan: () => {
        if (selected === -1) return false;
        return zoomTo(selected);
      },
      zoomIn: () => zoomBy(zoomStep),
      zoomOut: () => zoomBy(1 / zoomStep),
      resetZoom: () => setWindow(undefined),
    });
    if (isHandled) event.preventDefault();
  };

  return (
    <div className="flame">
      <div className="row quiet flame-tools">
        <button
          type="button"
          onClick={() => zoomBy(zoomStep)}
          aria-label="Zoom in"
          title={`Zoom in (${keyTexts(flameKeys.zoomIn).join(', ')})`}
        >
          +
        </button>
        <button
          type="button"
          onClick={() => zoomBy(1 / zoomStep)}
          aria-label="Zoom out"
          title={`Zoom out (${keyTexts(flameKeys.zoomOut).join(', ')})`}
        >
          −
        </button>
        <span>
          {formatDuration(window[0])} to {formatDuration(window[1])}
        </span>
        <span className="hint">Double-click or Enter to zoom to a span, drag to pan, Ctrl + wheel to zoom</span>
      </div>
      <div className="flame-picture">
        <canvas ref={canvas} />
        <div
          ref={scroller}
          className="flame-scroll"
          tabIndex={0}
          role="application"
          aria-label="Flame graph: arrow keys move between spans"
          aria-describedby="flame-span"
          onKeyDown={onKeyDown}
          onPointerDown={(event) => {
            if (event.button === 0 && event.pointerType !== 'touch') {
              drag.current = { x: event.clientX, window, hasMoved: false };
              event.currentTarget.setPointerCapture(event.pointerId);
            }
          }}
          onPointerMove={onPointerMove}
          onPointerUp={() => {
            // The click event follows and reads it.
            setTimeout(() => void (drag.current = undefined));
          }}
          onPointerCancel={() => void (drag.current = undefined)}
          onPointerLeave={() => setHovered(undefined)}
          onClick={(event) => {
            const span = spanAt(event);
            if (span !== -1 && drag.current?.hasMoved !== true) onSelect(span);
          }}
          onDoubleClick={(event) => {
            const span = spanAt(event);
            if (span !== -1) zoomTo(span);
          }}
        >
          <div style={{ height: layout.rows.length * rowHeightPx }} />
        </div>
        {hovered !== undefined && (
          <div className="pointed" style={{ left: hovered.x, top: hovered.y }} aria-hidden="true">
            <bdi>{labelOf(model, hovered.span)}</bdi>
          </div>
        )}
      </div>
      <p id="flame-span" className="visually-hidden" aria-live="polite">
        {selected === -1 ? '' : labelOf(model, selected)}
      </p>
    </div>
  );
}

/** The visible time. It changes immediately; the URL is updated when it has settled. */
function useWindow({ model, zoom, onZoom }: Pick<Props, 'model' | 'zoom' | 'onZoom'>) {
  const wholeNs = Math.max(model.waterfall.durationNs, 1);
  const [moving, setMoving] = useState<TimeWindow>();
  const report = useRef(onZoom);
  useEffect(() => {
    report.current = onZoom;
  });
  useEffect(() => {
    if (moving === undefined) return undefined;
    const timer = setTimeout(() => {
      report.current(moving[1] - moving[0] >= wholeNs ? undefined : moving);
      setMoving(undefined);
    }, settledMs);
    return () => clearTimeout(timer);
  }, [moving, wholeNs]);
  const window = useMemo(() => moving ?? zoom ?? ([0, wholeNs] as const), [moving, zoom, wholeNs]);
  return { window, wholeNs, setWindow: (next: TimeWindow | undefined) => setMoving(next ?? [0, wholeNs]) };
}

function labelOf(model: TraceModel, span: number): string {
  const { operations, spans } = model.waterfall;
  const [service, name] = operations[spans.operation[span] ?? 0] ?? ['', ''];
  const failed = spans.status[span] === failedStatus ? ', failed' : '';
  const self = formatDuration(model.selfNs[span] ?? 0);
  return `${service} ${operationText(name)}, ${formatDuration(spans.durationNs[span] ?? 0)}, self time ${self}${failed}`;
}
