import { type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { TraceSummary } from '../api/types.ts';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';

const height = 170;
const margin = { left: 64, right: 12, top: 12, bottom: 24 } as const;
/** A label of a time needs this much room. */
const timeLabelPx = 170;
/** A shorter drag is a click. */
const minDrag = 6;
/** More points would be slow to draw. They are the first ones of the list. */
const maxPoints = 2_000;

/** A selected area: times in microseconds since 1970, durations in ns. */
export interface ScatterArea {
  readonly fromUs: number;
  readonly toUs: number;
  readonly minNs: number;
  readonly maxNs: number;
}

/**
 * A scatter plot of traces by start and, on a logarithmic scale, duration. A click on a point opens its trace. Dragging
 * selects an area to search in.
 */
export function Scatter({
  traces,
  onSelect,
}: {
  readonly traces: readonly TraceSummary[];
  readonly onSelect: (area: ScatterArea) => void;
}) {
  const [, navigate] = useLocation();
  const svg = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(1000);
  useLayoutEffect(() => {
    const element = svg.current;
    if (element === null) return undefined;
    const measure = (): void => setWidth(Math.max(200, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { points, times, durations, usAt, nsAt } = useMemo(
    () => layout(traces.slice(0, maxPoints), width),
    [traces, width],
  );
  const [drag, setDrag] = useState<readonly [x: number, y: number, toX: number, toY: number]>();
  const at = (event: PointerEvent<SVGSVGElement>): readonly [number, number] => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const area = drag === undefined ? undefined : areaOf(drag);
  const isDragging = area !== undefined && Math.max(area.width, area.height) >= minDrag;
  return (
    <svg
      ref={svg}
      className="scatter"
      viewBox={`0 0 ${width} ${height}`}
      height={height}
      role="img"
      aria-label="Traces by start and duration. The list below shows the same traces."
      onPointerDown={(event) => {
        if (event.button !== 0 || event.pointerType === 'touch') return;
        setDrag([...at(event), ...at(event)]);
      }}
      onPointerMove={(event) => {
        if (drag === undefined) return;
        if (isDragging) event.currentTarget.setPointerCapture(event.pointerId);
        setDrag([drag[0], drag[1], ...at(event)]);
      }}
      onPointerUp={() => {
        setDrag(undefined);
        if (!isDragging) return;
        onSelect({
          fromUs: usAt(area.x),
          toUs: usAt(area.x + area.width),
          minNs: nsAt(area.y + area.height),
          maxNs: nsAt(area.y),
        });
      }}
      onPointerCancel={() => setDrag(undefined)}
    >
      <title>Drag to select an area</title>
      {durations.map(({ y, text }) => (
        <g key={text}>
          <line x1={margin.left} x2={width - margin.right} y1={y} y2={y} />
          <text x={margin.left - 6} y={y + 4} textAnchor="end">
            {text}
          </text>
        </g>
      ))}
      {times.map(({ x, text, anchor }) => (
        <text key={x} x={x} y={height - 6} textAnchor={anchor}>
          {text}
        </text>
      ))}
      {points.map(({ trace, x, y, radius }) => (
        <circle
          key={trace.traceId}
          cx={x}
          cy={y}
          r={radius}
          className={trace.errors > 0 ? 'failed' : ''}
          onClick={() => navigate(`/trace/${trace.traceId}`)}
        >
          <title>{`${(trace.root ?? trace.first).service} ${(trace.root ?? trace.first).operation}\n${formatDuration(trace.durationNs)}\n${formatTime(trace.startTimeUnixNano)}`}</title>
        </circle>
      ))}
      {isDragging && <rect {...area} />}
    </svg>
  );
}

/** Durations as the form has them: rounded to four digits, so that all points of an area are inside. */
export function durationsAround(minNs: number, maxNs: number): { readonly min: string; readonly max: string } {
  const rounded = (ns: number, round: (value: number) => number): string => {
    const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(ns, 1))) - 3);
    const us = (round(ns / step) * step) / 1_000;
    if (us < 1_000) return `${Number(us.toFixed(3))} us`;
    return us < 1_000_000 ? `${Number((us / 1_000).toFixed(6))} ms` : `${Number((us / 1_000_000).toFixed(9))} s`;
  };
  return { min: rounded(minNs, Math.floor), max: rounded(maxNs, Math.ceil) };
}

function areaOf([x, y, toX, toY]: readonly [number, number, number, number]) {
  return { x: Math.min(x, toX), y: Math.min(y, toY), width: Math.abs(toX - x), height: Math.abs(toY - y) };
}

function layout(traces: readonly TraceSummary[], width: number) {
  const starts = traces.map(({ startTimeUnixNano }) => Number(BigInt(startTimeUnixNano) / 1_000n));
  const logs = traces.map(({ durationNs }) => Math.log10(Math.max(durationNs, 1)));
  const extent = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const;
  const [firstUs, lastUs] = extent(starts);
  const [lowest, highest] = extent(logs);
  const bottom = Math.floor(lowest);
  const top = Math.max(Math.ceil(highest), bottom + 1);
  const innerWidth = width - margin.left - margin.right;
  const innerHeight = height - margin.top - margin.bottom;
  const spanUs = lastUs - firstUs;
  // Points of one time are in the middle.
  const xOf = (us: number): number => margin.left + (spanUs === 0 ? 0.5 : (us - firstUs) / spanUs) * innerWidth;
  const yOf = (log: number): number => height - margin.bottom - ((log - bottom) / (top - bottom)) * innerHeight;
  const clamp = (share: number): number => Math.min(1, Math.max(0, share));
  return {
    usAt: (x: number): number => Math.round(firstUs + clamp((x - margin.left) / innerWidth) * spanUs),
    nsAt: (y: number): number =>
      Math.round(10 ** (bottom + clamp((height - margin.bottom - y) / innerHeight) * (top - bottom))),
    points: traces.map((trace, n) => ({
      trace,
      x: xOf(starts[n] ?? 0),
      y: yOf(logs[n] ?? 0),
      radius: Math.min(10, 3 + Math.log10(trace.spans)),
    })),
    times: timesOf(firstUs, lastUs, innerWidth).map((us) => ({
      x: xOf(us),
      text: formatTime(String(BigInt(us) * 1_000n)),
      anchor:
        spanUs === 0
          ? ('middle' as const)
          : us === firstUs
            ? ('start' as const)
            : us === lastUs
              ? ('end' as const)
              : ('middle' as const),
    })),
    durations: Array.from({ length: top - bottom + 1 }, (_, n) => ({
      y: yOf(bottom + n),
      text: formatDuration(10 ** (bottom + n)),
    })),
  };
}

/** The times that have a label: as many as there is room for, and each another millisecond. */
function timesOf(firstUs: number, lastUs: number, widthPx: number): readonly number[] {
  if (lastUs - firstUs < 1_000) return [firstUs];
  const gaps = Math.max(1, Math.min(4, Math.floor(widthPx / timeLabelPx) - 1, Math.floor((lastUs - firstUs) / 1_000)));
  return Array.from({ length: gaps + 1 }, (_, n) => Math.round(firstUs + ((lastUs - firstUs) * n) / gaps));
}
