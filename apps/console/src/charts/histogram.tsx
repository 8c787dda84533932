import { useMemo } from 'react';
import uPlot from 'uplot';
import type { QueryResponse } from '../api/types.ts';
import { formatNumber } from '../format/number.ts';
import { formatValue, numberOf, type Unit } from './format-value.ts';
import { NoData } from './no-data.tsx';
import { axesOf, type PlotPoint, Plot } from './plot.tsx';
import { useColours } from './use-colours.ts';

export interface Bin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** At most this many bins, including the empty ones that are inserted. */
const maxBins = 400;

/**
 * Convert rows with `xMin`, `xMax` and a count, in ascending order. Empty bins are inserted where rows are missing, with the
 * relative width of the previous bin.
 */
export function binsOf({ columns, rows }: QueryResponse): readonly Bin[] {
  const lowerAt = columns.indexOf('xMin');
  const upperAt = columns.indexOf('xMax');
  const countAt = columns.findIndex((_, at) => at !== lowerAt && at !== upperAt);
  const bins: Bin[] = [];
  for (const row of rows) {
    const bin = {
      lower: numberOf(row[lowerAt]) ?? 0,
      upper: numberOf(row[upperAt]) ?? 0,
      count: numberOf(row[countAt]) ?? 0,
    };
    for (let last = bins.at(-1); last !== undefined && bins.length < maxBins; last = bins.at(-1)) {
      const upper = last.lower > 0 ? (last.upper * last.upper) / last.lower : bin.lower;
      // Adjacent bounds may differ by a rounding error.
      if (upper > bin.lower * 1.001 || last.upper >= bin.lower * 0.999) break;
      bins.push({ lower: last.upper, upper, count: 0 });
    }
    bins.push(bin);
  }
  return bins;
}

/** A histogram. @param noData shown if no bin has a count @param onPick called with the clicked bin */
export function Histogram({
  title,
  bins,
  unit,
  noData,
  onPick,
}: {
  readonly title: string;
  readonly bins: readonly Bin[];
  readonly unit: Unit | undefined;
  readonly noData?: string | undefined;
  readonly onPick: (bin: Bin) => void;
}) {
  const colours = useColours();
  const data = useMemo((): uPlot.AlignedData => [bins.map((_, n) => n), bins.map(({ count }) => count)], [bins]);
  const options = useMemo(
    (): Omit<uPlot.Options, 'width' | 'height'> => ({
      padding: [10, 12, 0, 0],
      scales: {
        x: { time: false, range: () => [-0.5, Math.max(bins.length, 1) - 0.5] },
        y: { range: (_self, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      axes: axesOf(
        colours,
        {
          splits: (self) => {
            const everyNth = Math.max(1, Math.ceil((bins.length * 70) / Math.max(self.over.clientWidth, 1)));
            return Array.from({ length: Math.ceil(bins.length / everyNth) }, (_, n) => n * everyNth - 0.5);
          },
          values: (_self, splits) => splits.map((split) => formatValue(bins[split + 0.5]?.lower ?? 0, unit)),
        },
        {
          values: (_self, splits) =>
            splits.map((value) => (Number.isInteger(value) ? formatValue(value, 'count') : '')),
          space: 34,
        },
      ),
      cursor: { x: false, y: false, points: { show: false } },
      series: [
        {},
        {
          stroke: colours.ofClass('colour-accent'),
          fill: colours.ofClass('colour-accent', 0.75),
          width: 0,
          points: { show: false },
          ...(uPlot.paths.bars === undefined ? {} : { paths: uPlot.paths.bars({ size: [0.88, 60] }) }),
        },
      ],
    }),
    [colours, bins, unit],
  );
  const labelsOf = ({ index }: PlotPoint) => {
    const { lower = 0, upper = 0, count = 0 } = bins[index] ?? {};
    return { values: `${formatValue(lower, unit)} – ${formatValue(upper, unit)}`, count: formatNumber(count) };
  };
  if (bins.every(({ count }) => count === 0)) return <NoData>{noData}</NoData>;
  return (
    <div className="chart">
      <Plot
        label={title}
        options={options}
        data={data}
        describe={(point) => Object.values(labelsOf(point)).join(': ')}
        tooltip={(point) => (
          <span>
            <bdi>{labelsOf(point).values}</bdi>
            <b>{labelsOf(point).count}</b>
          </span>
        )}
        onPick={({ index }) => {
          const bin = bins[index];
          if (bin !== undefined) onPick(bin);
        }}
      />
    </div>
  );
}
