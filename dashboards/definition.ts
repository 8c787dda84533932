/** The definition of a dashboard, from which Grafana's JSON, the console's charts and docs/dashboards.md are generated. */
import type { ColumnLink, PanelKind, Unit } from '../libs/console-api/src/dashboard-names.ts';

/** How a column of a result is shown, and where a click on a cell leads. */
export interface Column {
  readonly name: string;
  readonly title: string;
  readonly unit?: Unit;
  readonly link?: ColumnLink;
  /** Width of the column in Grafana, in pixels; by default that of a number, if it has a unit. */
  readonly width?: number;
}

export interface Panel {
  /** Unique in the dashboard. Links to a panel contain it. */
  readonly id: number;
  readonly kind: PanelKind;
  readonly title: string;
  /** What the panel shows, and what it is computed from. */
  readonly description: string;
  readonly grid: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Unit of the values. A unit in `columns` takes precedence. */
  readonly unit?: Unit;
  /**
   * Files in the folder of the dashboard. A node graph has two, for nodes and edges; every other panel has one. The columns
   * that each kind expects:
   *
   * - `timeseries`: `time`, and one column per series; or `time`, `series` and one column of values.
   * - `heatmap`: `time`, and one column per bucket, named by its upper bound, in ascending order.
   * - `histogram`: `xMin`, `xMax`, a count, and `bucket`, the bounds as text. Buckets without calls have a row too.
   * - `pie`: a column of names and a column of values.
   * - `stat`: one row with one value.
   * - `nodeGraph`, nodes: `id`, `title`, `subTitle`, `mainStat`, `secondaryStat`, `arc__…` (shares with a sum of 1).
   * - `nodeGraph`, edges: `id`, `source`, `target`, `mainStat`, `secondaryStat`, `detail__failed` (the error rate).
   */
  readonly queries: readonly string[];
  readonly columns?: readonly Column[];
  /** The panel shows only the end of the range: `5m`. Its queries must do the same. */
  readonly timeFrom?: string;
  /** Draw a time series as stacked areas. */
  readonly isStacked?: boolean;
  /** What an empty result means. Default: there is no data in the time range. */
  readonly emptyText?: string;
  /** The links of a chart lead to failed traces only. */
  readonly linksToErrors?: boolean;
}

/** A choice above the panels. Queries read its value as `:'name'`. */
export interface Variable {
  readonly name: 'service' | 'operation';
  readonly title: string;
  /** A file in dashboards/variables that returns one column, the values. It may use the variables before this one. */
  readonly query: string;
  /** What the empty value selects. */
  readonly emptyTitle: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Start of the default time range, such as `now-15m`. */
  readonly from: string;
  readonly variables: readonly Variable[];
  readonly panels: readonly Panel[];
  /** How often Grafana refreshes it: `30s`. */
  readonly refresh: string;
  /** The query that `--smoke` prints. */
  readonly summary?: string;
}

export const serviceVariable: Variable = {
  name: 'service',
  title: 'Service',
  query: 'services.sql',
  emptyTitle: 'All services',
};
export const operationVariable: Variable = {
  name: 'operation',
  title: 'Operation',
  query: 'operations.sql',
  emptyTitle: 'All operations',
};

/** The last part of a dashboard's URL: its title in lower-case letters, digits and hyphens. */
export function slugOf({ title }: Pick<Dashboard, 'title'>): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
