/*
 * The names that dashboards, their panels and their units have in definitions, in the API and in the console. This file
 * has no dependency, so that the console and `dashboards/` can load it without the schemas.
 */

/** Identifiers of the dashboards. Links in Grafana and in the console contain them, so they never change. */
export const dashboardUids = {
  home: 'spandrel-home',
  services: 'spandrel-overview',
  requestRate: 'QoZDH91nk',
  errorRates: 'CiE9l917z',
  requestDurations: 'GkrS6rJ7z',
  serviceDependencies: 'scyq99J7k',
  upstreamSpans: 'lyIow61nz',
  downstreamSpans: 'SdzI3eJnk',
  models: 'spandrel-models',
} as const;

/** What a panel draws. `dashboards` is a list of links to all dashboards; it has no query. */
export const panelKinds = [
  'timeseries',
  'heatmap',
  'histogram',
  'pie',
  'table',
  'stat',
  'nodeGraph',
  'dashboards',
] as const;
export type PanelKind = (typeof panelKinds)[number];

/** Units of values. A share is from 0 to 1. */
export const units = ['requestsPerSecond', 'milliseconds', 'seconds', 'share', 'count'] as const;
export type Unit = (typeof units)[number];

/**
 * Where a cell of a table leads. `trace`: the value is a trace ID in hex. `operation`: the row's `service_name` and, if
 * present, `span_name` become variables of another dashboard.
 */
export const columnLinks = ['trace', 'operation'] as const;
export type ColumnLink = (typeof columnLinks)[number];
