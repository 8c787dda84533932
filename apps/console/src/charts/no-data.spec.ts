import { type ComponentProps, createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Heatmap, heatOf } from './heatmap.tsx';
import { Histogram } from './histogram.tsx';
import { Pie } from './pie.tsx';
import { timeSeriesOf } from './time-series-data.ts';
import { TimeSeriesChart } from './time-series.tsx';

const bounds = { fromMs: 0, toMs: 60_000 };
const time = '2026-11-30T03:33:00Z';
const common = { title: 'Calls', bounds, services: new Set<string>(), unit: 'milliseconds', noData: 'None.' } as const;
const ignore = (): undefined => undefined;

const heatmap = (counts: readonly number[]): ComponentProps<typeof Heatmap> => ({
  ...common,
  heat: heatOf({ columns: ['time', '10', '20'], rows: counts.map((count) => [time, count, 0]) }),
  onZoom: ignore,
  onPick: ignore,
});
const histogram = (counts: readonly number[]): ComponentProps<typeof Histogram> => ({
  ...common,
  bins: counts.map((count, n) => ({ lower: n, upper: n + 1, count })),
  onPick: ignore,
});
const pie = (values: readonly number[]): ComponentProps<typeof Pie> => ({
  ...common,
  slices: values.map((value, n) => ({ name: `service-${n}`, value })),
  linkOf: ignore,
  onPick: ignore,
});
const lines = (values: readonly (number | null)[]): ComponentProps<typeof TimeSeriesChart> => ({
  ...common,
  data: timeSeriesOf({ columns: ['time', 'p95'], rows: values.map((value) => [time, value]) }, null),
  onZoom: ignore,
  onPick: ignore,
});

// Charts read their colors from the page. Rendering to text has none.
beforeAll(() => {
  vi.stubGlobal('document', { createElement: () => ({ style: {}, remove: ignore }), body: { append: ignore } });
  vi.stubGlobal('getComputedStyle', () => ({ backgroundColor: 'black' }));
});
afterAll(() => vi.unstubAllGlobals());

describe('a chart draws no axes and no total without data', () => {
  it.each([
    ['heatmap without rows', createElement(Heatmap, heatmap([]))],
    ['heatmap of empty cells', createElement(Heatmap, heatmap([0]))],
    ['histogram without rows', createElement(Histogram, histogram([]))],
    ['histogram of empty bins', createElement(Histogram, histogram([0, 0]))],
    ['pie without rows', createElement(Pie, pie([]))],
    ['pie of zeros', createElement(Pie, pie([0, 0]))],
    ['lines without rows', createElement(TimeSeriesChart, lines([]))],
    ['lines without values', createElement(TimeSeriesChart, lines([null]))],
  ])('%s', (_name, element) => {
    expect(renderToStaticMarkup(element)).toBe('<p class="panel-empty quiet">None.</p>');
  });

  it.each([
    ['heatmap', createElement(Heatmap, heatmap([1]))],
    ['histogram', createElement(Histogram, histogram([0, 1]))],
    ['pie', createElement(Pie, pie([0, 1]))],
    ['lines at zero', createElement(TimeSeriesChart, lines([0]))],
  ])('but one with data is drawn: %s', (_name, element) => {
    expect(renderToStaticMarkup(element)).toMatch(/^<div class="(?:chart|pie)">.*Calls/);
  });
});
