import { useMemo, useState } from 'react';
import uPlot from 'uplot';
import { formatMoment, formatValue, nameOfSeries, type Unit } from './format-value.ts';
import { axesOf, type Place, Plot } from './plot.tsx';
import { drawnBounds, stacked, timeLabels, type TimeSeries } from './time-series-data.ts';
import { seriesClass, useColours } from './use-colours.ts';

const maxInTip = 12;

/**
 * Lines over time, or areas on top of each other.
 *
 * @param bounds of the x axis
 * @param services which series are named by a service and have its colour
 * @param onZoom a part was dragged over
 * @param onPick a point was clicked: when, how long it stands for, and of which series
 */
export function TimeSeriesChart({
  title,
  data,
  unit,
  isStacked = false,
  bounds,
  services,
  onZoom,
  onPick,
}: {
  readonly title: string;
  readonly data: TimeSeries;
  readonly unit: Unit | undefined;
  readonly isStacked?: boolean;
  readonly bounds: { readonly fromMs: number; readonly toMs: number };
  readonly services: ReadonlySet<string>;
  readonly onZoom: (fromMs: number, toMs: number) => void;
  readonly onPick: (timeMs: number, stepMs: number, series: string) => void;
}) {
  const colours = useColours();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const classOf = useMemo(
    () => new Map(data.series.map(({ name }, index) => [name, seriesClass(name, index, services)])),
    [data, services],
  );
  const shown = useMemo(() => data.series.filter(({ name }) => !hidden.has(name)), [data, hidden]);
  const aligned = useMemo((): uPlot.AlignedData => {
    const values = isStacked ? stacked(shown) : shown.map((series) => series.values);
    return [[...data.timesMs], ...values.map((own) => [...own])];
  }, [data, shown, isStacked]);
  const options = useMemo(
    (): Omit<uPlot.Options, 'width' | 'height'> => ({
      ms: 1,
      padding: [10, 12, 0, 0],
      scales: {
        x: { time: true, range: () => [...drawnBounds(data, bounds)] },
        y: { range: (_self, _least, most) => [0, most > 0 ? most * 1.08 : 1] },
      },
      axes: axesOf(
        colours,
        {
          values: (_self, splits, _axis, _space, increment) => [...timeLabels(splits, increment)],
          space: 70,
        },
        { values: (_self, splits) => splits.map((value) => formatValue(value, unit)), space: 34 },
      ),
      cursor: { y: false, points: { size: 7 }, focus: { prox: -1 } },
      series: [
        {},
        ...shown.map(({ name }): uPlot.Series => {
          const className = classOf.get(name) ?? '';
          return {
            label: name,
            stroke: colours.ofClass(className),
            fill: isStacked
              ? colours.ofClass(className, 0.7)
              : shown.length === 1
                ? colours.ofClass(className, 0.12)
                : '',
            width: isStacked ? 1 : 1.5,
            points: isStacked ? { show: false } : { size: 5, fill: colours.ofClass(className), filter: pointsToShow },
          };
        }),
      ],
      // Each area ends where the one below it does.
      bands: isStacked ? shown.slice(1).map((_, n) => ({ series: [n + 2, n + 1] as uPlot.Band.Bounds })) : [],
    }),
    [colours, data, shown, isStacked, unit, bounds, classOf],
  );
  const valuesAt = (index: number) =>
    shown
      .flatMap(({ name, values }) => {
        const value = values[index];
        return value === null || value === undefined ? [] : [{ name, value }];
      })
      .toSorted((a, b) => b.value - a.value);
  /** What a click means: the area it is in, or the line that it is closest to. */
  const nearest = ({ index, y }: Place): string => {
    const heights = aligned.slice(1).map((own) => own[index] ?? undefined);
    if (isStacked) return shown[heights.findIndex((height) => height !== undefined && height >= y)]?.name ?? '';
    const distances = heights.map((height) => (height === undefined ? Infinity : Math.abs(height - y)));
    return shown[distances.indexOf(Math.min(...distances))]?.name ?? '';
  };
  const timeOf = (index: number): number => data.timesMs[index] ?? 0;
  const toggle = (name: string): void =>
    setHidden((before) => {
      const next = new Set(before);
      if (!next.delete(name)) next.add(name);
      return next;
    });
  return (
    <div className="chart">
      <Plot
        label={title}
        options={options}
        data={aligned}
        describe={({ index }) =>
          [
            formatMoment(timeOf(index)),
            ...valuesAt(index).map(({ name, value }) => `${nameOfSeries(name)} ${formatValue(value, unit)}`),
          ].join(', ')
        }
        tooltip={(place) => (
          <>
            <strong>{formatMoment(timeOf(place.index))}</strong>
            {valuesAt(place.index)
              .slice(0, maxInTip)
              .map(({ name, value }) => (
                <span key={name} className={nearest(place) === name ? 'near' : ''}>
                  <i className={`dot ${classOf.get(name) ?? ''}`} />
                  <bdi>{nameOfSeries(name)}</bdi>
                  <b>{formatValue(value, unit)}</b>
                </span>
              ))}
            {valuesAt(place.index).length > maxInTip && <em>and {valuesAt(place.index).length - maxInTip} more</em>}
          </>
        )}
        onPick={(place) => onPick(timeOf(place.index), data.stepMs, nearest(place))}
        onSelect={onZoom}
      />
      {data.series.length > 1 && (
        <ul className="legend" aria-label={`Series of ${title}`}>
          {data.series.map(({ name }) => (
            <li key={name}>
              <button type="button" aria-pressed={!hidden.has(name)} title={name} onClick={() => toggle(name)}>
                <i className={`dot ${classOf.get(name) ?? ''}`} aria-hidden="true" />
                <bdi>{nameOfSeries(name)}</bdi>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Points where there is room for them, and where there is no line without them: between two gaps. */
function pointsToShow(self: uPlot, seriesIndex: number, isShown: boolean): number[] | null {
  if (isShown) return null;
  const values = [...(self.data[seriesIndex] ?? [])];
  const isGap = (index: number): boolean => values[index] === null || values[index] === undefined;
  const alone = values.flatMap((_, n) => (!isGap(n) && isGap(n - 1) && isGap(n + 1) ? [n] : []));
  return alone;
}
