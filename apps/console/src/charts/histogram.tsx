import { useMemo } from 'react';
import uPlot from 'uplot';
import type { QueryAnswer } from '../api/answers.ts';
import { formatValue, numberOf, type Unit } from './format-value.ts';
import { axesOf, type Place, Plot } from './plot.tsx';
import { useColours } from './use-colours.ts';

export interface Bin {
  readonly least: number;
  readonly bound: number;
  readonly count: number;
}

/** Bins are missing where there is nothing; more of them than this are not put in between. */
const maxBins = 400;

/**
 * Out of rows of `xMin`, `xMax` and how many there are, in rising order. Bins that have no row are put in between, as wide,
 * in proportion, as the one before.
 */
export function binsOf({ columns, rows }: QueryAnswer): readonly Bin[] {
  const leastAt = columns.indexOf('xMin');
  const boundAt = columns.indexOf('xMax');
  const countAt = columns.findIndex((_, at) => at !== leastAt && at !== boundAt);
  const bins: Bin[] = [];
  for (const row of rows) {
    const bin = {
      least: numberOf(row[leastAt]) ?? 0,
      bound: numberOf(row[boundAt]) ?? 0,
      count: numberOf(row[countAt]) ?? 0,
    };
    for (let last = bins.at(-1); last !== undefined && bins.length < maxBins; last = bins.at(-1)) {
      const bound = last.least > 0 ? (last.bound * last.bound) / last.least : bin.least;
      // Bounds are powers with broken exponents, so they meet but almost.
      if (bound > bin.least * 1.001 || last.bound >= bin.least * 0.999) break;
      bins.push({ least: last.bound, bound, count: 0 });
    }
    bins.push(bin);
  }
  return bins;
}

/** How many there were of which size. @param onPick a bar was clicked */
export function Histogram({
  title,
  bins,
  unit,
  onPick,
}: {
  readonly title: string;
  readonly bins: readonly Bin[];
  readonly unit: Unit | undefined;
  readonly onPick: (bin: Bin) => void;
}) {
  const colours = useColours();
  const data = useMemo((): uPlot.AlignedData => [bins.map((_, n) => n), bins.map(({ count }) => count)], [bins]);
  const options = useMemo(
    (): Omit<uPlot.Options, 'width' | 'height'> => ({
      padding: [10, 12, 0, 0],
      scales: {
        x: { time: false, range: () => [-0.5, Math.max(bins.length, 1) - 0.5] },
        y: { range: (_self, _least, most) => [0, most > 0 ? most * 1.08 : 1] },
      },
      axes: axesOf(
        colours,
        {
          splits: (self) => {
            const everyNth = Math.max(1, Math.ceil((bins.length * 70) / Math.max(self.over.clientWidth, 1)));
            return Array.from({ length: Math.ceil(bins.length / everyNth) }, (_, n) => n * everyNth - 0.5);
          },
          values: (_self, splits) => splits.map((split) => formatValue(bins[split + 0.5]?.least ?? 0, unit)),
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
  const words = ({ index }: Place) => {
    const { least = 0, bound = 0, count = 0 } = bins[index] ?? {};
    return { values: `${formatValue(least, unit)} – ${formatValue(bound, unit)}`, count: count.toLocaleString() };
  };
  return (
    <div className="chart">
      <Plot
        label={title}
        options={options}
        data={data}
        describe={(place) => Object.values(words(place)).join(': ')}
        tooltip={(place) => (
          <span>
            <bdi>{words(place).values}</bdi>
            <b>{words(place).count}</b>
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
