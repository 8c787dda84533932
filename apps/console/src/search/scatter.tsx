import { type PointerEvent, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { TraceSummary } from '../api/types.ts';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';

const width = 1000;
const height = 170;
const margin = { left: 70, right: 12, top: 12, bottom: 22 } as const;
const timeTicks = 4;
/** A shorter drag is a click. */
const minDrag = 6;

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
  const { points, times, durations, usAt, nsAt } = useMemo(() => layout(traces), [traces]);
  const [drag, setDrag] = useState<readonly [x: number, y: number, toX: number, toY: number]>();
  const at = (event: PointerEvent<SVGSVGElement>): readonly [number, number] => {
    const { left, top, width: widthPx, height: heightPx } = event.currentTarget.getBoundingClientRect();
    return [((event.clientX - left) / widthPx) * width, ((event.clientY - top) / heightPx) * height];
  };
  const area = drag === undefined ? undefined : areaOf(drag);
  const isDragging = area !== undefined && Math.max(area.width, area.height) >= minDrag;
  return (
    <svg
      className="scatter"
      viewBox={`0 0 ${width} ${height}`}
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
      {durations.map(({ y, text }) => (
        <g key={text}>
          <line x1={margin.left} x2={width - margin.right} y1={y} y2={y} />
          <text x={margin.left - 6} y={y + 4} textAnchor="end">
            {text}
          </text>
        </g>
      ))}
      {times.map(({ x, text, anchor }, n) => (
        <text key={n} x={x} y={height - 5} textAnchor={anchor}>
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
          <title>{`${trace.root?.service ?? ''} ${trace.root?.operation ?? ''}\n${formatDuration(trace.durationNs)}`}</title>
        </circle>
      ))}
      {isDragging && <rect {...area} />}
    </svg>
  );
}

function areaOf([x, y, toX, toY]: readonly [number, number, number, number]) {
  return { x: Math.min(x, toX), y: Math.min(y, toY), width: Math.abs(toX - x), height: Math.abs(toY - y) };
}

function layout(traces: readonly TraceSummary[]) {
  const starts = traces.map(({ startTimeUnixNano }) => Number(BigInt(startTimeUnixNano) / 1_000n));
  const logs = traces.map(({ durationNs }) => Math.log10(Math.max(durationNs, 1)));
  const extent = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const;
  const [firstUs, lastUs] = extent(starts);
  const [lowest, highest] = extent(logs);
  const bottom = Math.floor(lowest);
  const top = Math.max(Math.ceil(highest), bottom + 1);
  const innerWidth = width - margin.left - margin.right;
  const innerHeight = height - margin.top - margin.bottom;
  const spanUs = Math.max(lastUs - firstUs, 1);
  const xOf = (us: number): number => margin.left + ((us - firstUs) / spanUs) * innerWidth;
  const yOf = (log: number): number => height - margin.bottom - ((log - bottom) / (top - bottom)) * innerHeight;
  return {
    usAt: (x: number): number => Math.round(firstUs + ((x - margin.left) / innerWidth) * spanUs),
    nsAt: (y: number): number =>
      Math.round(10 ** (bottom + ((height - margin.bottom - y) / innerHeight) * (top - bottom))),
    points: traces.map((trace, n) => ({
      trace,
      x: xOf(starts[n] ?? 0),
      y: yOf(logs[n] ?? 0),
      radius: Math.min(10, 3 + Math.log10(trace.spans)),
    })),
    times: Array.from({ length: timeTicks + 1 }, (_, n) => {
      const us = Math.round(firstUs + (spanUs * n) / timeTicks);
      return {
        x: xOf(us),
        text: formatTime(String(BigInt(us) * 1_000n))
          .slice(0, n === 0 ? undefined : -4)
          .split(' ')
          .slice(n === 0 ? 0 : -1)
          .join(' '),
        anchor: n === 0 ? ('start' as const) : n === timeTicks ? ('end' as const) : ('middle' as const),
      };
    }),
    durations: Array.from({ length: top - bottom + 1 }, (_, n) => ({
      y: yOf(bottom + n),
      text: formatDuration(10 ** (bottom + n)),
    })),
  };
}
