import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { serviceColour } from '../service-colour.ts';
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
    const resized = new ResizeObserver(redraw);
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', redraw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', redraw);
    };
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
  const colours = operations.map(([service]) => colourOf(canvas, serviceColour(service)));
  const failed = colourOf(canvas, 'colour-bad');
  const rowHeight = Math.min(4, heightPx / Math.max(model.count, 1));
  for (let n = 0; n < model.order.length; n++) {
    const span = model.order[n] ?? 0;
    context.fillStyle = spans.status[span] === 2 ? failed : (colours[spans.operation[span] ?? 0] ?? failed);
    const left = ((spans.startNs[span] ?? 0) / whole) * width;
    const length = ((spans.durationNs[span] ?? 0) / whole) * width;
    context.fillRect(left, n * rowHeight, Math.max(length, 1), Math.max(rowHeight - 0.5, 0.5));
  }
}

/** What a class of styles.css makes of `color`, in the theme of now. */
function colourOf(beside: HTMLElement, name: string): string {
  const probe = document.createElement('i');
  probe.className = name;
  beside.after(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
