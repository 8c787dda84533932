import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { HeatmapResponse, TraceSummary } from '../api/types.ts';
import { counted, formatNumber } from '../format/number.ts';
import { formatMoment } from '../format/time.ts';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { failedHeightPx, heightPx, type HeatmapLayout, layoutOf, plotHeightPx, textBelowPx } from './heatmap-layout.ts';

/** A shorter drag is a click, and a side that is shorter than this does not bound the box. */
const minDragPx = 6;

/** How near to a point the pointer must be. */
const nearPx = 8;

const radiusPx = 4;
const nearRadiusPx = 6;

/** A part of the range that was selected. */
export interface RangeBox {
  /** Undefined if the box has all times. */
  readonly time: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** Undefined if the box has all durations. */
  readonly duration: { readonly minNs: number; readonly maxNs: number } | undefined;
  /** Whether only failed traces are wanted. */
  readonly isFailed?: boolean;
}

/** A cell under the pointer or the keyboard; row -1 is that of the failures. */
interface Place {
  readonly column: number;
  readonly row: number;
}

type Drag = readonly [x: number, y: number, toX: number, toY: number];

/**
 * A heat map of traces by start and duration, with a row of failures and the listed traces as points. Drag to select times and
 * durations. The arrow keys move between cells, Shift with an arrow key selects, Enter zooms in.
 *
 * @param bounds of the range of the page; undefined if it is unlimited
 */
export function RangeHeatmap({
  heatmap,
  traces,
  bounds,
  onZoom,
}: {
  readonly heatmap: HeatmapResponse;
  readonly traces: readonly TraceSummary[];
  readonly bounds: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly onZoom: (box: RangeBox) => void;
}) {
  const [, navigate] = useLocation();
  const open = (traceId: string): void => navigate(`/trace/${traceId}`);
  const { box, widthPx } = useWidth(1000);
  const layout = useMemo(() => layoutOf(heatmap, traces, bounds, widthPx), [heatmap, traces, bounds, widthPx]);
  const [drag, setDrag] = useState<Drag>();
  const [place, setPlace] = useState<Place>();
  const [marked, setMarked] = useState<Place>();
  const [pointId, setPointId] = useState<string>();
  const point = layout.points.find(({ trace }) => trace.traceId === pointId);
  const area = drag === undefined ? undefined : areaOf(drag);
  const isDragging = area !== undefined && Math.max(area.width, area.height) >= minDragPx;
  const at = (event: PointerEvent<SVGSVGElement>): readonly [number, number] => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const hover = (x: number, y: number): void => {
    const near = nearest(layout, x, y);
    setPointId(near);
    setPlace(near === undefined ? placeAt(layout, x, y) : undefined);
  };
  const selection = isDragging
    ? area
    : marked === undefined || place === undefined
      ? undefined
      : markedArea(layout, marked, place);
  return (
    <div className="range-heatmap" ref={box}>
      <svg
        width={widthPx}
        height={heightPx}
        aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          setMarked(undefined);
          setDrag([...at(event), ...at(event)]);
        }}
        onPointerMove={(event) => {
          const [x, y] = at(event);
          if (drag === undefined) return hover(x, y);
          if (isDragging) event.currentTarget.setPointerCapture(event.pointerId);
          setPlace(undefined);
          setPointId(undefined);
          return setDrag([drag[0], drag[1], x, y]);
        }}
        onPointerUp={(event) => {
          setDrag(undefined);
          if (isDragging) return onZoom(boxOf(layout, area));
          // A tap shows what is there, as hovering does. Another tap on a point opens it.
          const [x, y] = at(event);
          const near = nearest(layout, x, y);
          hover(x, y);
          if (near !== undefined && (event.pointerType !== 'touch' || near === pointId)) return open(near);
          const clicked = placeAt(layout, x, y);
          if (clicked?.row === -1 && event.pointerType !== 'touch') onZoom(placeBox(layout, clicked));
          return undefined;
        }}
        onPointerCancel={() => setDrag(undefined)}
        onPointerLeave={(event) => {
          // A finger that was lifted has left, too.
          if (event.pointerType === 'touch') return;
          setPlace(undefined);
          setPointId(undefined);
        }}
      >
        {layout.durations.map(({ value, text }) => (
          <g key={value}>
            <line
              x1={layout.leftPx}
              x2={layout.leftPx + layout.plotWidthPx}
              y1={layout.yOf(value)}
              y2={layout.yOf(value)}
            />
            <text x={layout.leftPx - 6} y={layout.yOf(value) + textBelowPx} textAnchor="end">
              {text}
            </text>
          </g>
        ))}
        {layout.isEmpty ? (
          <text x={layout.leftPx + layout.plotWidthPx / 2} y={plotHeightPx / 2} textAnchor="middle">
            No matching traces
          </text>
        ) : (
          <text x={layout.leftPx - 6} y={layout.failedTextPx} textAnchor="end">
            failed
          </text>
        )}
        {layout.times.map(({ value, text }) => (
          <text key={value} x={layout.xOf(value)} y={heightPx - 5} textAnchor="middle">
            {text}
          </text>
        ))}
        {layout.cellPaths.map((path, n) => (
          <path key={n} className={`cells strength-${n + 1}`} d={path} />
        ))}
        {layout.failedPaths.map((path, n) => (
          <path key={n} className={`cells failed strength-${n + 1}`} d={path} />
        ))}
        {layout.points.map(({ trace, x, y }) => (
          <circle
            key={trace.traceId}
            className={`${trace.errors > 0 ? 'failed' : ''} ${trace.traceId === pointId ? 'near' : ''}`}
            cx={x}
            cy={y}
            r={trace.traceId === pointId ? nearRadiusPx : radiusPx}
          />
        ))}
        {place !== undefined && <rect className="cell-place" {...placeArea(layout, place)} />}
        {selection !== undefined && <rect className="selection" {...selection} />}
      </svg>
      <Keys
        layout={layout}
        heatmap={heatmap}
        place={place}
        marked={marked}
        onMove={(next, mark) => {
          setPointId(undefined);
          setPlace(next);
          setMarked(mark);
        }}
        onZoom={onZoom}
      />
      <PointKeys
        layout={layout}
        pointId={pointId}
        onPoint={(next) => {
          setPlace(undefined);
          setPointId(next);
        }}
        onOpen={open}
      />
      {point !== undefined && <PointTip layout={layout} trace={point.trace} x={point.x} y={point.y} />}
      {point === undefined && place !== undefined && !isDragging && (
        <PlaceTip layout={layout} heatmap={heatmap} place={place} />
      )}
    </div>
  );
}

/** The keyboard of the cells. Its value says what the cell has. */
function Keys({
  layout,
  heatmap,
  place,
  marked,
  onMove,
  onZoom,
}: {
  readonly layout: HeatmapLayout;
  readonly heatmap: HeatmapResponse;
  readonly place: Place | undefined;
  readonly marked: Place | undefined;
  readonly onMove: (place: Place | undefined, marked: Place | undefined) => void;
  readonly onZoom: (box: RangeBox) => void;
}) {
  const lastColumn = Math.max(layout.columnCount - 1, 0);
  const lastRow = Math.max(layout.rowBoundsNs.length - 2, -1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const here = place ?? { column: lastColumn, row: Math.ceil(lastRow / 2) };
    const step = (columns: number, rows: number): Place =>
      place === undefined
        ? here
        : {
            column: Math.min(Math.max(here.column + columns, 0), lastColumn),
            row: Math.min(Math.max(here.row + rows, -1), lastRow),
          };
    const targets: Readonly<Record<string, () => Place>> = {
      ArrowLeft: () => step(-1, 0),
      ArrowRight: () => step(1, 0),
      ArrowUp: () => step(0, 1),
      ArrowDown: () => step(0, -1),
      Home: () => ({ ...here, column: 0 }),
      End: () => ({ ...here, column: lastColumn }),
    };
    if (event.key === 'Escape' && place !== undefined) onMove(undefined, undefined);
    else if (event.key === 'Enter' && place !== undefined) {
      onZoom(marked === undefined ? placeBox(layout, place) : boxOf(layout, markedArea(layout, marked, place)));
      onMove(undefined, undefined);
    } else {
      const target = targets[event.key];
      if (target === undefined) return;
      onMove(target(), event.shiftKey ? (marked ?? here) : undefined);
    }
    event.preventDefault();
  };
  return (
    <div
      className="range-keys"
      role="slider"
      tabIndex={0}
      aria-label="Traces by start and duration"
      aria-valuemin={0}
      aria-valuemax={lastColumn}
      aria-valuenow={place?.column ?? lastColumn}
      aria-valuetext={
        place === undefined
          ? 'Arrow keys move between cells, Shift with an arrow key selects, Enter zooms in'
          : textsOf(layout, heatmap, place).join(', ')
      }
      onKeyDown={onKeyDown}
      onBlur={() => onMove(undefined, undefined)}
    />
  );
}

/** The keyboard of the listed traces: the arrow keys move between them by time, Enter opens one. */
function PointKeys({
  layout,
  pointId,
  onPoint,
  onOpen,
}: {
  readonly layout: HeatmapLayout;
  readonly pointId: string | undefined;
  readonly onPoint: (traceId: string | undefined) => void;
  readonly onOpen: (traceId: string) => void;
}) {
  const points = useMemo(() => layout.points.toSorted((a, b) => a.x - b.x), [layout.points]);
  const at = points.findIndex(({ trace }) => trace.traceId === pointId);
  const last = points.length - 1;
  const point = points[at];
  const onKeyDown = (event: KeyboardEvent): void => {
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: at === -1 ? last : Math.max(at - 1, 0),
      ArrowRight: at === -1 ? last : Math.min(at + 1, last),
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined) onPoint(points[target]?.trace.traceId);
    else if (event.key === 'Enter' && point !== undefined) onOpen(point.trace.traceId);
    else if (event.key === 'Escape' && point !== undefined) onPoint(undefined);
    else return;
    event.preventDefault();
  };
  if (points.length === 0) return undefined;
  return (
    <div
      className="range-keys"
      role="slider"
      tabIndex={0}
      aria-label="Listed traces"
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={at === -1 ? last : at}
      aria-valuetext={point === undefined ? 'Arrow keys move between traces, Enter opens one' : labelOf(point.trace)}
      onKeyDown={onKeyDown}
      onBlur={() => onPoint(undefined)}
    />
  );
}

function PointTip({
  layout,
  trace,
  x,
  y,
}: {
  readonly layout: HeatmapLayout;
  readonly trace: TraceSummary;
  readonly x: number;
  readonly y: number;
}) {
  return (
    <Tip layout={layout} x={x} y={y}>
      <strong>
        <bdi>{nameOf(trace)}</bdi>
      </strong>
      <span>{formatTime(trace.startTimeUnixNano)}</span>
      <span>
        {formatDuration(trace.durationNs)}, {counted(trace.spans, 'span')}, {counted(trace.errors, 'error')}
      </span>
    </Tip>
  );
}

function PlaceTip({
  layout,
  heatmap,
  place,
}: {
  readonly layout: HeatmapLayout;
  readonly heatmap: HeatmapResponse;
  readonly place: Place;
}) {
  const { x, y, width } = placeArea(layout, place);
  const [time, ...others] = textsOf(layout, heatmap, place);
  return (
    <Tip layout={layout} x={x + width / 2} y={y}>
      <strong>{time}</strong>
      {others.map((text) => (
        <span key={text}>{text}</span>
      ))}
    </Tip>
  );
}

/** A tooltip beside a place, on the side with more space. */
function Tip({
  layout,
  x,
  y,
  children,
}: {
  readonly layout: HeatmapLayout;
  readonly x: number;
  readonly y: number;
  readonly children: ReactNode;
}) {
  const widthPx = layout.leftPx + layout.plotWidthPx;
  const isLeft = x > widthPx / 2;
  return (
    <div
      className="tip"
      aria-hidden="true"
      style={{
        top: Math.min(y, plotHeightPx - 30),
        ...(isLeft ? { right: `calc(100% - ${x - 12}px)` } : { left: x + 12 }),
      }}
    >
      {children}
    </div>
  );
}

/** What a place has: its time, its durations and its counts. */
function textsOf(layout: HeatmapLayout, heatmap: HeatmapResponse, { column, row }: Place): readonly string[] {
  const [fromMs, toMs] = layout.columnBounds(column);
  const time = `${formatMoment(fromMs)} – ${formatMoment(toMs)}`;
  const [count = 0, failed = 0] = heatmap.columns[column] ?? [];
  const noun = heatmap.source === 'aggregates' ? 'request' : 'trace';
  const about = heatmap.isComplete ? '' : 'about ';
  if (row === -1) return [time, `${about}${formatNumber(failed)} failed of ${about}${counted(count, noun)}`];
  const [min = 0, max = 0] = layout.rowBoundsNs.slice(row, row + 2);
  const lasting = `${formatDuration(Math.round(min))} – ${formatDuration(Math.round(max))}`;
  return [
    time,
    `${lasting}: ${about}${counted(layout.countOf(column, row), noun)}`,
    `any duration: ${about}${counted(count, noun)}, ${about}${formatNumber(failed)} failed`,
  ];
}

function placeAt(layout: HeatmapLayout, x: number, y: number): Place | undefined {
  const { leftPx, plotWidthPx, columnCount, failedTopPx, rowBoundsNs, msAt, nsAt, isEmpty } = layout;
  if (x < leftPx || x > leftPx + plotWidthPx || columnCount === 0 || isEmpty) return undefined;
  const ms = msAt(x);
  const column = Math.min(
    Array.from({ length: columnCount }, (_, n) => layout.columnBounds(n)[1]).findIndex((end) => ms <= end),
    columnCount - 1,
  );
  if (column < 0) return undefined;
  if (y >= failedTopPx - 2) return y <= failedTopPx + failedHeightPx ? { column, row: -1 } : undefined;
  const ns = nsAt(y);
  const above = rowBoundsNs.findIndex((bound) => ns < bound);
  return above <= 0 ? undefined : { column, row: above - 1 };
}

function placeArea(layout: HeatmapLayout, { column, row }: Place) {
  const [fromMs, toMs] = layout.columnBounds(column);
  const x = layout.xOf(fromMs);
  const width = Math.max(layout.xOf(toMs) - x, 1);
  if (row === -1) return { x, width, y: layout.failedTopPx, height: failedHeightPx };
  const y = layout.yOf(layout.rowBoundsNs[row + 1] ?? 0);
  return { x, width, y, height: Math.max(layout.yOf(layout.rowBoundsNs[row] ?? 0) - y, 1) };
}

function placeBox(layout: HeatmapLayout, { column, row }: Place): RangeBox {
  const [fromMs, toMs] = layout.columnBounds(column);
  if (row === -1) return { time: { fromMs, toMs }, duration: undefined, isFailed: true };
  const [minNs = 0, maxNs = 0] = layout.rowBoundsNs.slice(row, row + 2);
  return { time: { fromMs, toMs }, duration: { minNs, maxNs } };
}

/** The rectangle around two places. */
function markedArea(layout: HeatmapLayout, one: Place, other: Place) {
  const [a, b] = [placeArea(layout, one), placeArea(layout, other)];
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

function areaOf([x, y, toX, toY]: Drag) {
  return { x: Math.min(x, toX), y: Math.min(y, toY), width: Math.abs(toX - x), height: Math.abs(toY - y) };
}

/** The times and durations of a rectangle. A narrow one has all times, a flat one all durations. */
function boxOf(
  { msAt, nsAt, failedTopPx, isEmpty }: HeatmapLayout,
  { x, y, width, height }: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): RangeBox {
  const isOfFailures = !isEmpty && y >= failedTopPx - 2;
  return {
    time: width < minDragPx ? undefined : { fromMs: msAt(x), toMs: msAt(x + width) },
    duration: height < minDragPx || isOfFailures || isEmpty ? undefined : { minNs: nsAt(y + height), maxNs: nsAt(y) },
    isFailed: isOfFailures,
  };
}

function nearest(layout: HeatmapLayout, x: number, y: number): string | undefined {
  let [found, distance]: [string | undefined, number] = [undefined, nearPx];
  for (const point of layout.points) {
    const away = Math.hypot(point.x - x, point.y - y);
    if (away < distance) [found, distance] = [point.trace.traceId, away];
  }
  return found;
}

function nameOf({ root }: TraceSummary): string {
  return root === null ? 'no root span' : `${root.service} ${root.operation}`;
}

function labelOf(trace: TraceSummary): string {
  return `${nameOf(trace)}, ${formatDuration(trace.durationNs)}, ${formatTime(trace.startTimeUnixNano)}, ${counted(trace.errors, 'error')}`;
}

/** The width of an element, which changes with the page. */
function useWidth(fallbackPx: number) {
  const box = useRef<HTMLDivElement>(null);
  const [widthPx, setWidthPx] = useState(fallbackPx);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const resized = new ResizeObserver(() => setWidthPx(Math.max(element.clientWidth, 100)));
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  return { box, widthPx };
}
