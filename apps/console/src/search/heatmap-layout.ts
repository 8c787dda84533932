import type { HeatmapResponse, TraceSummary } from '../api/types.ts';
import { durationTicks, type Tick, timeTicks, widthOf } from './range-axes.ts';

/** The sizes of a heat map in px. The row of failures is below the cells. */
export const plotHeightPx = 150;
export const failedHeightPx = 14;
const failedGapPx = 4;
const topPx = 8;
const rightPx = 10;
const axisPx = 20;
/** How far the baseline of a duration is below its place on the axis. */
export const textBelowPx = 4;
export const heightPx = topPx + plotHeightPx + failedGapPx + failedHeightPx + axisPx;

/** Counts are drawn in this many strengths of one color. */
export const strengths = 8;

/** More results than this are not drawn. */
const maxPoints = 500;

const nsPerMs = 1_000_000n;

/** Without any trace, the axis has these durations. They are not shown. */
const defaultDurations = { minNs: 1e6, maxNs: 1e9 } as const;
/** The least distance from one line of text to the next. */
const lineHeightPx = 14;
/** The axis has at least the durations from one to this many times as much. */
const leastRatio = 8;

/** A trace of the list in the heat map. */
export interface Point {
  readonly trace: TraceSummary;
  readonly x: number;
  readonly y: number;
}

/** Where everything is in the picture, in px. */
export interface HeatmapLayout {
  readonly leftPx: number;
  readonly plotWidthPx: number;
  readonly failedTopPx: number;
  /** Where the name of the row of failures stands. */
  readonly failedTextPx: number;
  /** Whether there is no trace, so that the durations of the axis mean nothing. */
  readonly isEmpty: boolean;
  readonly fromMs: number;
  readonly toMs: number;
  /** The bounds of the rows in ns; one more than there are rows. */
  readonly rowBoundsNs: readonly number[];
  readonly columnCount: number;
  readonly xOf: (ms: number) => number;
  readonly yOf: (ns: number) => number;
  readonly msAt: (x: number) => number;
  readonly nsAt: (y: number) => number;
  /** In ms since 1970. */
  readonly columnBounds: (column: number) => readonly [fromMs: number, toMs: number];
  readonly times: readonly Tick[];
  readonly durations: readonly Tick[];
  readonly points: readonly Point[];
  readonly countOf: (column: number, row: number) => number;
  /** The path of the cells of each strength. */
  readonly cellPaths: readonly string[];
  readonly failedPaths: readonly string[];
}

/** Lay out a heat map. @param bounds of the range of the page; undefined if it is unlimited */
export function layoutOf(
  heatmap: HeatmapResponse,
  traces: readonly TraceSummary[],
  bounds: { readonly fromMs: number; readonly toMs: number } | undefined,
  widthPx: number,
): HeatmapLayout {
  const { stepMs, columns, cells, lowestNs, rows } = heatmap;
  const firstMs = Number(BigInt(heatmap.firstUnixNano) / nsPerMs);
  const fromMs = bounds?.fromMs ?? Number(BigInt(heatmap.from) / nsPerMs);
  const toMs = Math.max(bounds?.toMs ?? Number(BigInt(heatmap.to) / nsPerMs) + 1, fromMs + 1);
  const rowBoundsNs = rows.length === 0 ? [] : [lowestNs, ...rows];
  const drawn = traces
    .map((trace) => ({ trace, ms: Number(BigInt(trace.startTimeUnixNano) / 1_000n) / 1_000, ns: trace.durationNs }))
    .filter(({ ms }) => ms >= fromMs && ms <= toMs)
    .slice(0, maxPoints);
  const isEmpty = rowBoundsNs.length === 0 && drawn.length === 0;
  const { minNs, maxNs } = durationsOf([...rowBoundsNs, ...drawn.map(({ ns }) => ns)]);
  const durations = isEmpty ? [] : durationTicks(minNs, maxNs, plotHeightPx);
  const leftPx = Math.max(46, ...durations.map(({ text }) => widthOf(text))) + 8;
  const plotWidthPx = Math.max(widthPx - leftPx - rightPx, 40);
  const logMin = Math.log(minNs);
  const logSpan = Math.log(maxNs) - logMin;
  const xOf = (ms: number): number => leftPx + clamp((ms - fromMs) / (toMs - fromMs)) * plotWidthPx;
  const yOf = (ns: number): number =>
    topPx + plotHeightPx * (1 - clamp((Math.log(Math.max(ns, minNs)) - logMin) / logSpan));
  const columnBounds = (column: number): readonly [number, number] => [
    Math.max(firstMs + column * stepMs, fromMs),
    Math.min(firstMs + (column + 1) * stepMs, toMs),
  ];
  const rect = (column: number, top: number, bottom: number): string => {
    const [start, end] = columnBounds(column).map(xOf) as [number, number];
    const width = Math.max(end - start - (end - start > 4 ? 1 : 0), 0.5);
    const height = Math.max(bottom - top - 1, 1);
    return `M${start.toFixed(1)} ${top.toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}h${(-width).toFixed(1)}z`;
  };
  const counts = new Map(cells.map(([column, row, count]) => [column * rows.length + row, count]));
  const failedTopPx = topPx + plotHeightPx + failedGapPx;
  const failedTextPx = failedTopPx + failedHeightPx - 3;
  return {
    leftPx,
    plotWidthPx,
    failedTopPx,
    failedTextPx,
    isEmpty,
    fromMs,
    toMs,
    rowBoundsNs,
    columnCount: columns.length,
    xOf,
    yOf,
    msAt: (x) => fromMs + clamp((x - leftPx) / plotWidthPx) * (toMs - fromMs),
    nsAt: (y) => Math.exp(logMin + clamp((topPx + plotHeightPx - y) / plotHeightPx) * logSpan),
    columnBounds,
    times: timeTicks(fromMs, toMs, plotWidthPx),
    // A duration at the lower end would be written into the name of the row of failures.
    durations: durations.filter(({ value }) => yOf(value) + textBelowPx <= failedTextPx - lineHeightPx),
    points: drawn.map(({ trace, ms, ns }) => ({ trace, x: xOf(ms), y: yOf(ns) })),
    countOf: (column, row) => counts.get(column * rows.length + row) ?? 0,
    cellPaths: pathsOf(
      cells.map(([column, row, count]) => ({
        count,
        path: rect(column, yOf(rowBoundsNs[row + 1] ?? maxNs), yOf(rowBoundsNs[row] ?? minNs)),
      })),
    ),
    failedPaths: pathsOf(
      columns.flatMap(([, failed], column) =>
        failed === 0 ? [] : [{ count: failed, path: rect(column, failedTopPx, failedTopPx + failedHeightPx + 1) }],
      ),
    ),
  };
}

/** One path for each strength: thousands of cells are few elements. */
function pathsOf(parts: readonly { readonly count: number; readonly path: string }[]): readonly string[] {
  const most = parts.reduce((max, { count }) => Math.max(max, count), 1);
  const paths = Array.from({ length: strengths }, (): string[] => []);
  for (const { count, path } of parts) {
    // By the root, so that a single trace beside many is seen.
    const strength = Math.ceil(Math.sqrt(count / most) * strengths) - 1;
    paths[Math.min(Math.max(strength, 0), strengths - 1)]?.push(path);
  }
  return paths.map((some) => some.join(''));
}

/** The durations of the axis. */
function durationsOf(durationsNs: readonly number[]): { readonly minNs: number; readonly maxNs: number } {
  const [minNs, maxNs] = durationsNs.reduce<readonly [number, number]>(
    ([min, max], ns) => [Math.min(min, ns), Math.max(max, ns)],
    [Infinity, -Infinity],
  );
  if (minNs > maxNs) return defaultDurations;
  const [low, high] = [Math.max(minNs, 1), Math.max(maxNs, 2)];
  const missing = Math.sqrt(Math.max(leastRatio / (high / low), 1));
  return { minNs: low / missing, maxNs: high * missing };
}

function clamp(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
