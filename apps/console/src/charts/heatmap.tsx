import { useMemo } from 'react';
import uPlot from 'uplot';
import type { QueryAnswer } from '../api/answers.ts';
import { formatMoment, formatValue, numberOf, type Unit } from './format-value.ts';
import { axesOf, type Place, Plot } from './plot.tsx';
import { drawnBounds, timeLabels, timeSeriesOf } from './time-series-data.ts';
import { useColours } from './use-colours.ts';

/** A grid of counts: steps of time, and buckets of a value. */
export interface Heat {
  readonly timesMs: readonly number[];
  readonly stepMs: number;
  /** From the least with a count to the most. */
  readonly buckets: readonly { readonly least: number; readonly bound: number; readonly counts: readonly number[] }[];
}

/** Out of rows of `time` and a column a bucket, named by its upper bound. In JSON, columns may come in any order. */
export function heatOf(answer: QueryAnswer): Heat {
  const { timesMs, stepMs, series: unsorted } = timeSeriesOf(answer, 0);
  const series = unsorted.toSorted((a, b) => Number(a.name) - Number(b.name));
  const all = series.map(({ name, values }, n) => ({
    least: n === 0 ? 0 : (numberOf(series[n - 1]?.name) ?? 0),
    bound: numberOf(name) ?? 0,
    counts: values.map((value) => value ?? 0),
  }));
  const has = all.map(({ counts }) => counts.some((count) => count > 0));
  return { timesMs, stepMs, buckets: all.slice(Math.max(has.indexOf(true), 0), has.lastIndexOf(true) + 1) };
}

/**
 * How many there were of which size, over time: the more, the stronger the colour.
 *
 * @param onPick a cell was clicked: when, how long it stands for, and between which values
 */
export function Heatmap({
  title,
  heat,
  unit,
  bounds,
  onZoom,
  onPick,
}: {
  readonly title: string;
  readonly heat: Heat;
  readonly unit: Unit | undefined;
  readonly bounds: { readonly fromMs: number; readonly toMs: number };
  readonly onZoom: (fromMs: number, toMs: number) => void;
  readonly onPick: (timeMs: number, stepMs: number, least: number, bound: number) => void;
}) {
  const colours = useColours();
  const { timesMs, stepMs, buckets } = heat;
  const most = useMemo(() => Math.max(1, ...buckets.flatMap(({ counts }) => counts)), [buckets]);
  // The middles of the steps: a pointer is in the step whose middle is closest.
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
        y: { range: () => [0, Math.max(buckets.length, 1)] },
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
              formatValue(row === 0 ? (buckets[0]?.least ?? 0) : (buckets[row - 1]?.bound ?? 0), unit),
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
                ctx.fillStyle = colours.ofClass('colour-accent', 0.12 + 0.88 * Math.sqrt(count / most));
                ctx.fillRect(left, top, Math.max(right - left - 1, 1), Math.max(height - 1, 1));
              });
            });
            ctx.restore();
          },
        ],
      },
    }),
    [colours, heat, buckets, timesMs, stepMs, bounds, most, unit],
  );
  const cellOf = ({ index, y }: Place) => {
    const bucket = buckets[Math.max(0, Math.min(buckets.length - 1, Math.floor(y)))];
    const { least = 0, bound = 0 } = bucket ?? {};
    return { timeMs: timesMs[index] ?? 0, least, bound, count: bucket?.counts[index] ?? 0 };
  };
  const words = (place: Place) => {
    const { timeMs, least, bound, count } = cellOf(place);
    return {
      time: `${formatMoment(timeMs)} – ${formatMoment(timeMs + stepMs)}`,
      values: `${formatValue(least, unit)} – ${formatValue(bound, unit)}`,
      count: count.toLocaleString(),
    };
  };
  return (
    <div className="chart">
      <Plot
        label={title}
        options={options}
        data={data}
        rows={buckets.length}
        describe={(place) => Object.values(words(place)).join(', ')}
        tooltip={(place) => (
          <>
            <strong>{words(place).time}</strong>
            <span>
              <bdi>{words(place).values}</bdi>
              <b>{words(place).count}</b>
            </span>
          </>
        )}
        onPick={(place) => {
          const { timeMs, least, bound } = cellOf(place);
          onPick(timeMs, stepMs, least, bound);
        }}
        onSelect={onZoom}
      />
    </div>
  );
}
