import { useMemo, useState } from 'react';
import uPlot from 'uplot';
import { formatAxis, formatValue, nameOfSeries, type Unit } from './format-value.ts';
import { formatMoment } from '../format/time.ts';
import { NoData } from './no-data.tsx';
import { axesOf, type PlotPoint, Plot } from './plot.tsx';
import { drawnBounds, stacked, type TimeMark, timeLabels, type TimeSeries } from './time-series-data.ts';
import { type Colours, seriesClass, useColours } from './use-colours.ts';

const maxInTooltip = 12;
const noMarks: readonly TimeMark[] = [];
/** Height of the labels of marks, above the plot. */
const markLabelPx = 18;

/**
 * A chart of lines or stacked areas over time.
 *
 * @param bounds of the x axis
 * @param services names of services; a series with such a name has the colour of the service
 * @param noData shown if no series has a value
 * @param marks drawn as vertical lines with a label; the page also lists them as text
 * @param onZoom called with the time that was selected by dragging
 * @param onPick called with the time, the step and the series of the clicked point
 */
export function TimeSeriesChart({
  title,
  data,
  unit,
  isStacked = false,
  bounds,
  services,
  marks = noMarks,
  noData,
  onZoom,
  onPick,
}: {
  readonly title: string;
  readonly data: TimeSeries;
  readonly unit: Unit | undefined;
  readonly isStacked?: boolean;
  readonly bounds: { readonly fromMs: number; readonly toMs: number };
  readonly services: ReadonlySet<string>;
  readonly marks?: readonly TimeMark[];
  readonly noData?: string | undefined;
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
      padding: [marks.length > 0 ? markLabelPx : 10, 12, 0, 0],
      scales: {
        x: { time: true, range: () => [...drawnBounds(data, bounds)] },
        y: { range: (_self, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      axes: axesOf(
        colours,
        {
          values: (_self, splits, _axis, _space, increment) => [...timeLabels(splits, increment)],
          space: 70,
        },
        { values: (_self, splits) => formatAxis(splits, unit), space: 34 },
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
      hooks: { draw: [(self) => drawMarks(self, marks, colours)] },
      // Fill each area down to the one below it.
      bands: isStacked ? shown.slice(1).map((_, n) => ({ series: [n + 2, n + 1] as uPlot.Band.Bounds })) : [],
    }),
    [colours, data, shown, isStacked, unit, bounds, classOf, marks],
  );
  const valuesAt = (index: number) =>
    shown
      .flatMap(({ name, values }) => {
        const value = values[index];
        return value === null || value === undefined ? [] : [{ name, value }];
      })
      .toSorted((a, b) => b.value - a.value);
  /** The series at a point: the area around it, or the closest line. */
  const nearest = ({ index, y }: PlotPoint): string => {
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
  if (data.series.every(({ values }) => values.every((value) => value === null))) return <NoData>{noData}</NoData>;
  return (
    <div className="chart">
      <Plot
        label={title}
        options={options}
        data={aligned}
        describe={({ index }) =>
          [
            formatMoment(timeOf(index)),
            ...valuesAt(index).map(({ name, value }) => `${nameOfSeries(name)} ${formatValue(value, unit, name)}`),
          ].join(', ')
        }
        tooltip={(point) => (
          <>
            <strong>{formatMoment(timeOf(point.index))}</strong>
            {valuesAt(point.index)
              .slice(0, maxInTooltip)
              .map(({ name, value }) => (
                <span key={name} className={nearest(point) === name ? 'near' : ''}>
                  <i className={`dot ${classOf.get(name) ?? ''}`} />
                  <bdi>{nameOfSeries(name)}</bdi>
                  <b>{formatValue(value, unit, name)}</b>
                </span>
              ))}
            {valuesAt(point.index).length > maxInTooltip && (
              <em>and {valuesAt(point.index).length - maxInTooltip} more</em>
            )}
          </>
        )}
        onPick={(point) => onPick(timeOf(point.index), data.stepMs, nearest(point))}
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

/** Draw a dashed line at each mark. A label is left out where it would overlap the one before. */
function drawMarks(self: uPlot, marks: readonly TimeMark[], colours: Pick<Colours, 'quiet' | 'text'>): void {
  const { ctx, bbox } = self;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 3 * ratio]);
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  let labelledTo = -Infinity;
  for (const { timeMs, label } of marks) {
    const x = self.valToPos(timeMs, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colours.quiet;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const text = label.length > 16 ? `${label.slice(0, 15)}…` : label;
    const { width } = ctx.measureText(text);
    const left = Math.min(x - 2 * ratio, bbox.left + bbox.width - width);
    if (left < labelledTo) continue;
    labelledTo = left + width + 6 * ratio;
    ctx.fillStyle = colours.text;
    ctx.fillText(text, left, bbox.top - 2 * ratio);
  }
  ctx.restore();
}

/** Show points if there is space for them. Otherwise show only points between two gaps, which have no line. */
function pointsToShow(self: uPlot, seriesIndex: number, isShown: boolean): number[] | null {
  if (isShown) return null;
  const values = [...(self.data[seriesIndex] ?? [])];
  const isGap = (index: number): boolean => values[index] === null || values[index] === undefined;
  const isolated = values.flatMap((_, n) => (!isGap(n) && isGap(n - 1) && isGap(n + 1) ? [n] : []));
  return isolated;
}
