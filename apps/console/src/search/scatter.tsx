import { useMemo } from 'react';
import { useLocation } from 'wouter';
import type { TraceSummary } from '../api/answers.ts';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';

const width = 1000;
const height = 160;
const margin = { left: 70, right: 10, top: 10, bottom: 20 } as const;

/** Traces by their start and, on a logarithmic scale, their duration; each leads to its trace, as the list below does. */
export function Scatter({ traces }: { readonly traces: readonly TraceSummary[] }) {
  const [, navigate] = useLocation();
  const { points, times, durations } = useMemo(() => layout(traces), [traces]);
  return (
    <svg className="scatter" viewBox={`0 0 ${width} ${height}`} role="img" aria-label="Traces by start and duration">
      {durations.map(({ y, text }) => (
        <g key={text}>
          <line x1={margin.left} x2={width - margin.right} y1={y} y2={y} />
          <text x={margin.left - 6} y={y + 4} textAnchor="end">
            {text}
          </text>
        </g>
      ))}
      <text x={margin.left} y={height - 4}>
        {times[0]}
      </text>
      <text x={width - margin.right} y={height - 4} textAnchor="end">
        {times[1]}
      </text>
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
    </svg>
  );
}

function layout(traces: readonly TraceSummary[]) {
  const starts = traces.map(({ startTimeUnixNano }) => Number(BigInt(startTimeUnixNano) / 1_000n));
  const logs = traces.map(({ durationNs }) => Math.log10(Math.max(durationNs, 1)));
  const extent = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const;
  const [firstUs, lastUs] = extent(starts);
  const [lowest, highest] = extent(logs);
  const bottom = Math.floor(lowest);
  const top = Math.max(Math.ceil(highest), bottom + 1);
  const yOf = (log: number): number =>
    height - margin.bottom - ((log - bottom) / (top - bottom)) * (height - margin.top - margin.bottom);
  const timeOf = (us: number): string => formatTime(String(BigInt(us) * 1_000n));
  return {
    points: traces.map((trace, n) => ({
      trace,
      x:
        margin.left +
        (((starts[n] ?? 0) - firstUs) / Math.max(lastUs - firstUs, 1)) * (width - margin.left - margin.right),
      y: yOf(logs[n] ?? 0),
      radius: Math.min(10, 3 + Math.log10(trace.spans)),
    })),
    times: [timeOf(firstUs), timeOf(lastUs)] as const,
    durations: Array.from({ length: top - bottom + 1 }, (_, n) => ({
      y: yOf(bottom + n),
      text: formatDuration(10 ** (bottom + n)),
    })),
  };
}
