import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { colourOf, coloursOf, onAppearance } from './canvas-appearance.ts';
import { failedStatus } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';
import type { TimeWindow } from './waterfall-rows.tsx';

const heightPx = 64;
/** A shorter pull is a click. */
const leastPullPx = 4;

/** All spans, small. Pulling over it shows that time larger; a click shows the whole time again. */
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
  const [pull, setPull] = useState<TimeWindow>();
  const whole = Math.max(model.answer.durationNs, 1);

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
  const shown = pull === undefined ? zoom : ([Math.min(...pull), Math.max(...pull)] as const);
  return (
    <div
      className="minimap"
      aria-hidden="true"
      title="Pull over a part of the time to see it larger; click for all of it"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setPull([timeAt(event), timeAt(event)]);
      }}
      onPointerMove={(event) => {
        if (pull !== undefined) setPull([pull[0], timeAt(event)]);
      }}
      onPointerUp={(event) => {
        if (pull === undefined) return;
        const [from, to] = [Math.min(pull[0], timeAt(event)), Math.max(pull[0], timeAt(event))];
        setPull(undefined);
        const isClick = (to - from) / whole < leastPullPx / event.currentTarget.clientWidth;
        onZoom(isClick ? undefined : [from, to]);
      }}
      onPointerCancel={() => setPull(undefined)}
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
  const width = canvas.clientWidth;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(heightPx * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(ratio, ratio);
  const { spans, operations, durationNs } = model.answer;
  const whole = Math.max(durationNs, 1);
  const colours = coloursOf(canvas, operations);
  const failed = colourOf(canvas, 'colour-bad');
  const rowHeight = Math.min(4, heightPx / Math.max(model.count, 1));
  const box = (span: number): readonly [number, number, number, number] => {
    const left = ((spans.startNs[span] ?? 0) / whole) * width;
    const length = Math.max(((spans.durationNs[span] ?? 0) / whole) * width, 1);
    const top = (model.place[span] ?? 0) * rowHeight;
    // Rows that are lower than a pixel share one: parts of a pixel would mix all colours to a grey.
    return rowHeight < 1 ? [left, Math.floor(top), length, 1] : [left, top, length, rowHeight - 0.5];
  };
  for (const span of model.order) {
    context.fillStyle = spans.status[span] === failedStatus ? failed : (colours[spans.operation[span] ?? 0] ?? failed);
    context.fillRect(...box(span));
  }
}
