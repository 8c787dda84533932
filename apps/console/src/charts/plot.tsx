import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { selectedTimeZone } from '../format/time.ts';
import './charts.css';

/** A point in a plot. */
export interface PlotPoint {
  /** Index of the value on the x axis. */
  readonly index: number;
  /** On the y axis, in its units. */
  readonly y: number;
}

const dragFromPx = 5;

/**
 * A uPlot chart that fills its container, with a tooltip and keyboard control. The arrow keys move between values, Enter
 * equals a click. Shift with an arrow key selects a range of the x axis, on which Enter equals the end of a drag.
 *
 * @param label the accessible name
 * @param options of uPlot, without the size; a new object redraws the chart
 * @param rows the number of rows that the up and down keys move between; 0 to disable these keys
 * @param describe writes a point as text for screen readers
 * @param onPick called with the point that was clicked
 * @param onSelect called with the range of the x axis that was selected by dragging, in units of the axis
 */
export function Plot({
  label,
  options,
  data,
  rows = 0,
  describe,
  tooltip,
  onPick,
  onSelect,
}: {
  readonly label: string;
  readonly options: Omit<uPlot.Options, 'width' | 'height'>;
  readonly data: uPlot.AlignedData;
  readonly rows?: number;
  readonly describe: (point: PlotPoint) => string;
  readonly tooltip: (point: PlotPoint) => ReactNode;
  readonly onPick?: (point: PlotPoint) => void;
  readonly onSelect?: (from: number, to: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [point, setPoint] = useState<PlotPoint & { readonly left: number; readonly top: number }>();
  const [marked, setMarked] = useState<number>();
  const handlers = useRef({ onPick, onSelect });
  handlers.current = { onPick, onSelect };
  useEffect(() => {
    if (box.current === null) return undefined;
    const element = box.current;
    const made = new uPlot(
      {
        // Steps of a day begin at midnight of the time zone that is shown.
        ...(selectedTimeZone() === 'utc' ? { tzDate: (ms: number) => uPlot.tzDate(new Date(ms), 'Etc/UTC') } : {}),
        ...options,
        ...sizeOf(element),
        legend: { show: false },
        cursor: {
          ...options.cursor,
          drag: { x: handlers.current.onSelect !== undefined, y: false, setScale: false, dist: dragFromPx },
        },
        hooks: {
          ...options.hooks,
          setCursor: [
            (self) => {
              const { idx, left = -1, top = -1 } = self.cursor;
              if (idx === null || idx === undefined || left < 0) setPoint(undefined);
              else
                setPoint({
                  index: idx,
                  y: self.posToVal(top, 'y'),
                  left: left + self.over.offsetLeft,
                  top: top + self.over.offsetTop,
                });
            },
          ],
          setSelect: [
            (self) => {
              const { left, width } = self.select;
              if (width < dragFromPx) return;
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              handlers.current.onSelect?.(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'));
            },
          ],
        },
      },
      data,
      element,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize(sizeOf(element)));
    resized.observe(element);
    let pressedAt = { x: 0, y: 0 };
    const press = ({ clientX, clientY }: MouseEvent): void => {
      pressedAt = { x: clientX, y: clientY };
    };
    const click = ({ clientX, clientY }: MouseEvent): void => {
      const { idx, top = 0 } = made.cursor;
      const isDrag = Math.hypot(clientX - pressedAt.x, clientY - pressedAt.y) >= dragFromPx;
      if (isDrag || idx === null || idx === undefined) return;
      handlers.current.onPick?.({ index: idx, y: made.posToVal(top, 'y') });
    };
    made.over.addEventListener('mousedown', press);
    made.over.addEventListener('click', click);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
      setPoint(undefined);
      setMarked(undefined);
    };
  }, [options, data]);
  const count = data[0].length;
  const move = (index: number, y: number, isMarking: boolean): void => {
    const self = plot.current;
    if (self === undefined) return;
    const left = self.valToPos(self.data[0][index] ?? 0, 'x');
    const from = isMarking ? (marked ?? point?.index ?? index) : undefined;
    setMarked(from);
    const fromLeft = from === undefined ? left : self.valToPos(self.data[0][from] ?? 0, 'x');
    self.setSelect(
      { left: Math.min(left, fromLeft), top: 0, width: Math.abs(left - fromLeft), height: self.over.clientHeight },
      false,
    );
    self.setCursor({ left, top: self.valToPos(y, 'y') });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const self = plot.current;
    // Alt+← is the previous page of the browser.
    if (self === undefined || count === 0 || event.altKey || event.metaKey) return;
    const at = point?.index ?? count - 1;
    const y = point?.y ?? (rows > 0 ? 0.5 : ((self.scales['y']?.max ?? 1) + (self.scales['y']?.min ?? 0)) / 2);
    const isMarking = event.shiftKey && onSelect !== undefined;
    const clamp = (index: number): number => Math.max(0, Math.min(count - 1, index));
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => move(clamp(point === undefined ? at : at - 1), y, isMarking),
      ArrowRight: () => move(clamp(point === undefined ? at : at + 1), y, isMarking),
      Home: () => move(0, y, isMarking),
      End: () => move(count - 1, y, isMarking),
      ...(rows > 0
        ? {
            ArrowUp: () => move(at, Math.min(rows - 0.5, Math.floor(y) + 1.5), false),
            ArrowDown: () => move(at, Math.max(0.5, Math.floor(y) - 0.5), false),
          }
        : {}),
      Escape: () => self.setCursor({ left: -10, top: -10 }),
      Enter: () => {
        if (point === undefined) return;
        if (marked === undefined || marked === at) onPick?.({ index: at, y });
        else {
          const ends = [self.data[0][marked] ?? 0, self.data[0][at] ?? 0];
          onSelect?.(Math.min(...ends), Math.max(...ends));
        }
      },
    };
    const act = moves[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <div className="plot" ref={box}>
      <div
        className="plot-keys"
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.max(count - 1, 0)}
        aria-valuenow={point?.index ?? Math.max(count - 1, 0)}
        aria-valuetext={
          point === undefined ? 'Arrow keys move between values; Enter opens their traces' : describe(point)
        }
        onKeyDown={onKeyDown}
      />
      {point !== undefined && <Tooltip point={point}>{tooltip(point)}</Tooltip>}
    </div>
  );
}

function sizeOf(element: HTMLElement): { readonly width: number; readonly height: number } {
  return { width: Math.max(element.clientWidth, 50), height: Math.max(element.clientHeight, 50) };
}

/** A tooltip beside the pointer, on the side with more space. */
function Tooltip({
  point,
  children,
}: {
  readonly point: { readonly left: number; readonly top: number };
  readonly children: ReactNode;
}) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tip = element.current;
    const around = tip?.parentElement;
    if (tip === null || around === null || around === undefined) return;
    const isRight = point.left < around.clientWidth / 2;
    const left = isRight ? point.left + 12 : point.left - 12 - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(left, around.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, Math.min(point.top - 10, around.clientHeight - tip.offsetHeight))}px`;
  });
  return (
    <div className="tip" ref={element} aria-hidden="true">
      {children}
    </div>
  );
}

/** The common style of both axes. */
export function axesOf(
  colours: { readonly quiet: string; readonly line: string },
  x: Partial<uPlot.Axis>,
  y: Partial<uPlot.Axis>,
): uPlot.Axis[] {
  const font = '12px system-ui, sans-serif';
  const common = {
    stroke: colours.quiet,
    font,
    ticks: { show: false },
    grid: { stroke: colours.line, width: 1 },
  } as const;
  return [
    { ...common, size: 26, gap: 4, ...x, grid: { show: false } },
    { ...common, gap: 6, size: widthOfLabels, ...y },
  ];
}

/** The width of the longest label in px. */
function widthOfLabels(self: uPlot, values: string[] | null, axisIndex: number): number {
  const longest = (values ?? []).reduce((longer, text) => (text.length > longer.length ? text : longer), '');
  const font = self.axes[axisIndex]?.font;
  self.ctx.save();
  self.ctx.font = typeof font === 'string' ? font : (font?.[0] ?? '');
  const width = self.ctx.measureText(longest).width / devicePixelRatio;
  self.ctx.restore();
  return Math.ceil(Math.max(width, 20)) + 12;
}
