/** What a panel draws. Each kind's queries are described at `Panel.queries`. */
export type PanelKind =
  | 'timeseries'
  | 'heatmap'
  | 'histogram'
  | 'pie'
  | 'table'
  | 'stat'
  | 'nodeGraph'
  /** Links to all dashboards; has no query. */
  | 'dashboards';

export type Unit = 'requestsPerSecond' | 'milliseconds' | 'seconds' | 'share' | 'count';

/** How a column of an answer is shown, and where a click on it leads. */
export interface Column {
  readonly name: string;
  readonly title: string;
  readonly unit?: Unit;
  /**
   * `trace`: the value is a trace's id in hex. `operation`: the row's `service_name` and, if there is one, `span_name` are
   * a dashboard's variables.
   */
  readonly link?: 'trace' | 'operation';
}

export interface Panel {
  /** Of the dashboard; a link to a panel names it. */
  readonly id: number;
  readonly kind: PanelKind;
  readonly title: string;
  /** What it answers, and from what. */
  readonly description: string;
  readonly grid: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Of the values, where `columns` has nothing else. */
  readonly unit?: Unit;
  /**
   * Files of the dashboard's folder. A graph has two, its nodes and its edges, every other panel one.
   *
   * - `timeseries`: `time`, and either a column a series, or `series` and one column of values.
   * - `heatmap`: `time`, and a column a bucket, named by its upper bound, in rising order.
   * - `histogram`: `xMin`, `xMax` and how many there are.
   * - `pie`: a column of names and one of values.
   * - `stat`: one row with one value.
   * - `nodeGraph`: nodes are `id`, `title`, `subTitle`, `mainStat`, `secondaryStat`, `arc__…` (shares that add up to 1);
   *   edges are `id`, `source`, `target`, `mainStat`, `secondaryStat`, `detail__failed` (the share that failed).
   */
  readonly queries: readonly string[];
  readonly columns?: readonly Column[];
  /** Of a time series: areas on top of each other. */
  readonly isStacked?: boolean;
  /** Of a chart: what it shows leads to traces that failed, and not to all. */
  readonly isOfFailures?: boolean;
}

/** What can be chosen above the panels; a query's `:'name'` is its value. */
export interface Variable {
  readonly name: 'service' | 'operation';
  readonly title: string;
  /** A file of dashboards/variables: one column, the values. May refer to variables before this one. */
  readonly query: string;
}

export interface Dashboard {
  /** Stays the same for ever: links name it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** How far back it looks when nobody says, such as `now-15m`. */
  readonly from: string;
  readonly variables: readonly Variable[];
  readonly panels: readonly Panel[];
  /** The query whose rows say most in a terminal. */
  readonly summary?: string;
}

export const serviceVariable: Variable = { name: 'service', title: 'Service', query: 'services.sql' };
export const operationVariable: Variable = { name: 'operation', title: 'Operation', query: 'operations.sql' };

/** What a dashboard is called in its address: the title in small letters, digits and hyphens. */
export function slugOf({ title }: Pick<Dashboard, 'title'>): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
