import { useMemo } from 'react';
import uPlot from 'uplot';
import type { QueryResponse } from '../api/types.ts';
import { formatNumber } from '../format/number.ts';
import { formatValue, numberOf, type Unit } from './format-value.ts';
import { formatMoment } from '../format/time.ts';
import { NoData } from './no-data.tsx';
import { axesOf, type PlotPoint, Plot } from './plot.tsx';
import { drawnBounds, timeLabels, timeSeriesOf } from './time-series-data.ts';
import { useColours } from './use-colours.ts';

/** A grid of counts by time step and bucket. */
export interface Heat {
  readonly timesMs: readonly number[];
  readonly stepMs: number;
  /** In ascending order, without empty buckets at both ends. */
  readonly buckets: readonly { readonly lower: number; readonly upper: number; readonly counts: readonly number[] }[];
}

/** Convert rows with `time` and one column per bucket, named by its upper bound. The order of the columns does not matter. */
export function heatOf(result: QueryResponse): Heat {
  const { timesMs, stepMs, series: unsorted } = timeSeriesOf(result, 0);
  const series = unsorted.toSorted((a, b) => Number(a.name) - Number(b.name));
  const all = series.map(({ name, values }, n) => ({
    lower: n === 0 ? 0 : (numberOf(series[n - 1]?.name) ?? 0),
    upper: numberOf(name) ?? 0,
    counts: values.map((value) => value ?? 0),
  }));
  const isUsed = all.map(({ counts }) => counts.some((count) => count > 0));
  return { timesMs, stepMs, buckets: all.slice(Math.max(isUsed.indexOf(true), 0), isUsed.lastIndexOf(true) + 1) };
}

/**
 * A heatmap: counts by time and value; a higher count has a stronger colour.
 *
 * @param noData shown if no cell has a count
 * @param onPick called with the time, the step and the bounds of a clicked cell
 */
export function Heatmap({
  title,
  heat,
  unit,
  bounds,
  noData,
  onZoom,
  onPick,
}: {
  readonly title: string;
  readonly heat: Heat;
  readonly unit: Unit | undefined;
  readonly bounds: { readonly fromMs: number; readonly toMs: number };
  readonly noData?: string | undefined;
  readonly onZoom: (fromMs: number, toMs: number) => void;
  readonly onPick: (timeMs: number, stepMs: number, lower: number, upper: number) => void;
}) {
  const colours = useColours();
  const { timesMs, stepMs, buckets } = heat;
  const maxCount = useMemo(() => Math.max(1, ...buckets.flatMap(({ counts }) => counts)), [buckets]);
  // uPlot selects the closest x value, so each step is represented by its middle.
  const data = useMemo(
    (): uPlot.AlignedData => [timesMs.map((timeMs) => timeMs + stepMs / 2), timesMs.map(() => null)],
    [timesMs, stepMs],
  );
  const options = useMemo(
    (): Omit<uPlot.Options, 'width' | 'height'> => ({
      ms: 1,
      padding: [10, 12, 0, 0],
      scales: {
        x: { time: true, range: () => [...drawnBounds(heat, bounds)] },
        y: { range: () => [0, buckets.length] },
      },
      axes: axesOf(
        colours,
        { values: (_self, splits, _axis, _space, increment) => [...timeLabels(splits, increment)], space: 70 },
        {
          splits: (self) => {
            const everyNth = Math.max(1, Math.ceil((buckets.length * 20) / Math.max(self.over.clientHeight, 1)));
            return Array.from({ length: Math.floor(buckets.length / everyNth) + 1 }, (_, n) => n * everyNth);
          },
          values: (_self, splits) =>
            splits.map((row) =>
              formatValue(row === 0 ? (buckets[0]?.lower ?? 0) : (buckets[row - 1]?.upper ?? 0), unit),
            ),
          grid: { show: false },
        },
      ),
      cursor: { y: false, points: { show: false } },
      series: [{}, { stroke: 'transparent', points: { show: false } }],
      hooks: {
        draw: [
          ({ ctx, valToPos, bbox }) => {
            ctx.save();
            ctx.beginPath();
            ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
            ctx.clip();
            buckets.forEach(({ counts }, row) => {
              const top = Math.round(valToPos(row + 1, 'y', true));
              const height = Math.round(valToPos(row, 'y', true)) - top;
              counts.forEach((count, n) => {
                if (count === 0) return;
                const left = Math.round(valToPos(timesMs[n] ?? 0, 'x', true));
                const right = Math.round(valToPos((timesMs[n] ?? 0) + stepMs, 'x', true));
                ctx.fillStyle = colours.ofClass('colour-accent', 0.12 + 0.88 * Math.sqrt(count / maxCount));
                ctx.fillRect(left, top, Math.max(right - left - 1, 1), Math.max(height - 1, 1));
              });
            });
            ctx.restore();
          },
        ],
      },
    }),
    [colours, heat, buckets, timesMs, stepMs, bounds, maxCount, unit],
  );
  const cellOf = ({ index, y }: PlotPoint) => {
    const bucket = buckets[Math.max(0, Math.min(buckets.length - 1, Math.floor(y)))];
    const { lower = 0, upper = 0 } = bucket ?? {};
    return { timeMs: timesMs[index] ?? 0, lower, upper, count: bucket?.counts[index] ?? 0 };
  };
  const labelsOf = (point: PlotPoint) => {
    const { timeMs, lower, upper, count } = cellOf(point);
    return {
      time: `${formatMoment(timeMs)} – ${formatMoment(timeMs + stepMs)}`,
      values: `${formatValue(lower, unit)} – ${formatValue(upper, unit)}`,
      count: formatNumber(count),
    };
  };
  if (buckets.length === 0) return <NoData>{noData}</NoData>;
  return (
    <div className="chart">
      <Plot
        label={title}
        options={options}
        data={data}
        rows={buckets.length}
        describe={(point) => Object.values(labelsOf(point)).join(', ')}
        tooltip={(point) => (
          <>
            <strong>{labelsOf(point).time}</strong>
            <span>
              <bdi>{labelsOf(point).values}</bdi>
              <b>{labelsOf(point).count}</b>
            </span>
          </>
        )}
        onPick={(point) => {
          const { timeMs, lower, upper } = cellOf(point);
          onPick(timeMs, stepMs, lower, upper);
        }}
        onSelect={onZoom}
      />
    </div>
  );
}
