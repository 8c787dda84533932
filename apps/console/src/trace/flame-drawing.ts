import { operationText } from '../operation-name.tsx';
import { colourOf, coloursOf } from './canvas-appearance.ts';
import type { FlameLayout } from './flame-layout.ts';
import { firstEndingFrom } from './flame-navigation.ts';
import { failedStatus } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';
import type { TimeWindow } from './waterfall-rows.tsx';

export const rowHeightPx = 20;
/** A narrower box has no name. */
const minNamedPx = 40;

/** What a flame graph shows. */
export interface FlameState {
  readonly model: TraceModel;
  readonly layout: FlameLayout;
  /** 1 for each span that matches the filter; the others are drawn pale. Undefined without a filter. */
  readonly matching: Uint8Array | undefined;
  /** Results of a search in the trace. */
  readonly found: ReadonlySet<number>;
  /** -1 for none. */
  readonly selected: number;
  /** The visible time. */
  readonly window: TimeWindow;
  /** How far the rows are scrolled. */
  readonly topPx: number;
}

/** Draw a flame graph in the size and the theme of its canvas. */
export function drawFlame(canvas: HTMLCanvasElement, state: FlameState): void {
  const { model, layout, matching, found, selected, window, topPx } = state;
  const { spans, operations } = model.waterfall;
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
      // Skip boxes within pixels that are already drawn.
      if (end <= drawnToPx && !isMarked) continue;
      const boxWidth = Math.max(1, end - x - 0.5);
      drawnToPx = Math.max(drawnToPx, Math.ceil(x + 1));
      const isPale = matching !== undefined && matching[span] === 0;
      // A tint, so that text is readable on every colour.
      context.globalAlpha = isPale ? 0.12 : 0.5;
      context.fillStyle = colours[spans.operation[span] ?? 0] ?? ink;
      context.fillRect(x, y + 1, boxWidth, rowHeightPx - 2);
      context.globalAlpha = isPale ? 0.4 : 1;
      if (spans.status[span] === failedStatus) {
        context.fillStyle = failed;
        context.fillRect(x, y + rowHeightPx - 4, boxWidth, 3);
      }
      if (boxWidth >= minNamedPx) {
        context.fillStyle = ink;
        context.fillText(
          shortened(operationText(operations[spans.operation[span] ?? 0]?.[1] ?? ''), boxWidth - 8),
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

/** Cut a name to about the available width. Measuring each name would take longer than drawing it. */
function shortened(name: string, widthPx: number): string {
  const characters = Math.floor(widthPx / 6.5);
  return name.length <= characters ? name : `${name.slice(0, Math.max(characters - 1, 1))}…`;
}
