import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { colourOf, coloursOf, onAppearance } from './canvas-appearance.ts';
import { failedStatus } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';
import type { TimeWindow } from './waterfall-rows.tsx';

/** A shorter drag is a click. */
const minDragPx = 4;
/** Failed spans are at least this wide and high. */
const minFailedPx = 2;

/** A minimap of all spans. Dragging zooms to a time range; a click resets the zoom. */
export function Minimap({
  model,
  zoom,
  onZoom,
}: {
  readonly model: TraceModel;
  readonly zoom: TimeWindow | undefined;
  readonly onZoom: (zoom: TimeWindow | undefined) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<TimeWindow>();
  const whole = Math.max(model.waterfall.durationNs, 1);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const redraw = (): void => draw(element, model);
    redraw();
    return onAppearance(element, redraw);
  }, [model]);

  const timeAt = (event: PointerEvent): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width)) * whole;
  };
  const shown = drag === undefined ? zoom : ([Math.min(...drag), Math.max(...drag)] as const);
  return (
    <div
      className="minimap"
      aria-hidden="true"
      title="Drag to zoom, click to reset"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag([timeAt(event), timeAt(event)]);
      }}
      onPointerMove={(event) => {
        if (drag !== undefined) setDrag([drag[0], timeAt(event)]);
      }}
      onPointerUp={(event) => {
        if (drag === undefined) return;
        const [from, to] = [Math.min(drag[0], timeAt(event)), Math.max(drag[0], timeAt(event))];
        setDrag(undefined);
        const isClick = (to - from) / whole < minDragPx / event.currentTarget.clientWidth;
        onZoom(isClick ? undefined : [from, to]);
      }}
      onPointerCancel={() => setDrag(undefined)}
    >
      <canvas ref={canvas} />
      {shown !== undefined && (
        <>
          <div className="veil" style={{ left: 0, width: `${(shown[0] / whole) * 100}%` }} />
          <div className="veil" style={{ left: `${(shown[1] / whole) * 100}%`, right: 0 }} />
        </>
      )}
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, model: TraceModel): void {
  const { clientWidth: width, clientHeight: heightPx } = canvas;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(heightPx * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(ratio, ratio);
  const { spans, operations, durationNs } = model.waterfall;
  const whole = Math.max(durationNs, 1);
  const colours = coloursOf(canvas, operations);
  const failed = colourOf(canvas, 'colour-bad');
  const rowHeight = Math.min(4, heightPx / Math.max(model.count, 1));
  const box = (span: number): readonly [number, number, number, number] => {
    const left = ((spans.startNs[span] ?? 0) / whole) * width;
    const length = Math.max(((spans.durationNs[span] ?? 0) / whole) * width, 1);
    const top = (model.orderIndex[span] ?? 0) * rowHeight;
    // Rows lower than a pixel are aligned to whole pixels. Fractions would blend all colours to grey.
    return rowHeight < 1 ? [left, Math.floor(top), length, 1] : [left, top, length, rowHeight - 0.5];
  };
  const isFailed = (span: number): boolean => spans.status[span] === failedStatus;
  for (const span of model.order) {
    if (isFailed(span)) continue;
    context.fillStyle = colours[spans.operation[span] ?? 0] ?? failed;
    context.fillRect(...box(span));
  }
  // Failed spans come last and have a minimum size: among many spans, others would cover them.
  context.fillStyle = failed;
  for (const span of model.order) {
    if (!isFailed(span)) continue;
    const [left, top, length, height] = box(span);
    context.fillRect(
      left,
      Math.min(top, heightPx - minFailedPx),
      Math.max(length, minFailedPx),
      Math.max(height, minFailedPx),
    );
  }
}
