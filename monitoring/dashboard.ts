import type { Json } from '../dashboards/grafana.ts';
import { by } from './rule.ts';

/** A line of a panel: PromQL, and the legend with `{{label}}`. */
interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface MetricsPanel {
  readonly title: string;
  readonly description: string;
  /** A unit of Grafana. */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly isStacked?: boolean;
}

interface Row {
  readonly title: string;
  readonly panels: readonly MetricsPanel[];
}

/** The uid of the dashboard. Links may contain it. */
const uid = 'spandrel-operations';

/** The variables select a namespace and jobs; a label that is missing is empty, which `.*` matches. */
const store = 'namespace=~"$namespace"';
const window = '$__rate_interval';
const quantile = (share: number, metric: string, labels: string, more = ''): string =>
  `histogram_quantile(${share}, sum by (${['le', labels].filter((label) => label !== '').join(', ')}) (rate(${metric}_bucket{${store}${more}}[${window}])))`;

const rows: readonly Row[] = [
  {
    title: 'Ingest',
    panels: [
      {
        title: 'Spans stored per second',
        description: 'Spans that were committed and acknowledged, by protocol.',
        unit: 'short',
        isStacked: true,
        queries: [
          {
            expr: `sum by (protocol) (rate(tracestore_ingest_spans_accepted_total{${store}}[${window}]))`,
            legend: '{{protocol}}',
          },
        ],
      },
      {
        title: 'Bytes received per second',
        description: 'Request bodies, compressed as they came.',
        unit: 'Bps',
        queries: [
          {
            expr: `sum by (protocol) (rate(tracestore_ingest_received_bytes_total{${store}}[${window}]))`,
            legend: '{{protocol}}',
          },
        ],
      },
      {
        title: 'Rejected requests per second',
        description: 'By error code. `overloaded`, `unavailable` and `internal` are faults of the store.',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (code) (rate(tracestore_ingest_requests_refused_total{${store}}[${window}])) > 0`,
            legend: '{{code}}',
          },
          {
            expr: `sum by (reason) (rate(tracestore_ingest_spans_rejected_total{${store}}[${window}])) > 0`,
            legend: 'spans: {{reason}}',
          },
        ],
      },
      {
        title: 'Commit latency',
        description: 'From the first byte of a transaction to its commit.',
        unit: 's',
        queries: [
          { expr: quantile(0.5, 'tracestore_ingest_commit_duration_seconds', ''), legend: 'median' },
          { expr: quantile(0.99, 'tracestore_ingest_commit_duration_seconds', ''), legend: 'p99' },
        ],
      },
      {
        title: 'Memory of requests',
        description: 'Bytes in flight with their limit, and the part that waits for a transaction.',
        unit: 'bytes',
        queries: [
          { expr: `max by (pod) (tracestore_ingest_in_flight_bytes{${store}})`, legend: 'in flight {{pod}}' },
          { expr: `max by (pod) (tracestore_ingest_queued_bytes{${store}})`, legend: 'queued {{pod}}' },
          { expr: `min(tracestore_ingest_in_flight_limit_bytes{${store}})`, legend: 'limit' },
        ],
      },
      {
        title: 'Aggregation lag',
        description: 'Age of the aggregates that dashboards and alerts on SQL read. About 10 s is normal.',
        unit: 's',
        queries: [{ expr: `min by (${by}) (tracestore_calls_lag_seconds{${store}})`, legend: '{{job}}' }],
      },
    ],
  },
  {
    title: 'Queries',
    panels: [
      {
        title: 'Queries per second',
        description: 'By the API that they came by, and what they ask for.',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (protocol, kind) (rate(tracestore_query_duration_seconds_count{${store}}[${window}]))`,
            legend: '{{protocol}} {{kind}}',
          },
        ],
      },
      {
        title: 'Query latency (p95)',
        description: 'From a query to the end of its response, by what it asks for.',
        unit: 's',
        queries: [{ expr: quantile(0.95, 'tracestore_query_duration_seconds', 'kind'), legend: '{{kind}}' }],
      },
      {
        title: 'Failed queries per second',
        description: 'By error code. `invalid` and others are errors of clients.',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (code) (rate(tracestore_query_errors_total{${store}}[${window}])) > 0`,
            legend: '{{code}}',
          },
        ],
      },
      {
        title: 'Connections in use',
        description: 'Connections to the database by pool, their limit, and callers that wait for one.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (db_client_connection_pool_name) (db_client_connection_count{${store}, db_client_connection_state="used"})`,
            legend: '{{db_client_connection_pool_name}}: used',
          },
          {
            expr: `sum by (db_client_connection_pool_name) (db_client_connection_max{${store}})`,
            legend: '{{db_client_connection_pool_name}}: limit',
          },
          {
            expr: `sum by (db_client_connection_pool_name) (db_client_connection_pending_requests{${store}})`,
            legend: '{{db_client_connection_pool_name}}: waiting',
          },
        ],
      },
    ],
  },
  {
    title: 'Storage and lifecycle',
    panels: [
      {
        title: 'Size of the largest tables',
        description: 'With partitions and indexes.',
        unit: 'bytes',
        isStacked: true,
        queries: [{ expr: `topk(8, max by (table) (tracestore_table_size_bytes{${store}}))`, legend: '{{table}}' }],
      },
      {
        title: 'Partitions',
        description: 'Partitions or chunks of each table, and how many are compressed.',
        unit: 'short',
        queries: [
          { expr: `max by (table) (tracestore_partitions{${store}})`, legend: '{{table}}' },
          { expr: `max by (table) (tracestore_partitions_compressed{${store}})`, legend: '{{table}}: compressed' },
        ],
      },
      {
        title: 'Work of the lifecycle',
        description: 'What was added, dropped, deleted, compressed and packed in each hour.',
        unit: 'short',
        queries: [
          { expr: `sum by (work) (increase(tracestore_lifecycle_work_total{${store}}[1h])) > 0`, legend: '{{work}}' },
        ],
      },
      {
        title: 'Time since the last run of each step',
        description: 'Since its last success on any replica.',
        unit: 's',
        queries: [
          {
            expr: `time() - max by (step) (tracestore_lifecycle_last_success_timestamp_seconds{${store}})`,
            legend: '{{step}}',
          },
        ],
      },
      {
        title: 'Warnings',
        description: 'Reasons why the lifecycle drops less than configured, and what the operator has to do: 1 or 0.',
        unit: 'short',
        queries: [
          { expr: `max by (reason) (tracestore_lifecycle_held{${store}}) > 0`, legend: 'held: {{reason}}' },
          { expr: `max by (code) (tracestore_warning{${store}}) > 0`, legend: '{{code}}' },
          { expr: `1 - max by (${by}) (tracestore_ready{${store}}) > 0`, legend: 'not ready: {{job}}' },
        ],
      },
      {
        title: 'Memory and CPU of tracestore',
        description: 'Resident memory, and CPU cores.',
        unit: 'short',
        queries: [
          {
            expr: `max by (pod) (process_resident_memory_bytes{${store}, job=~".*tracestore.*"}) / 1048576`,
            legend: 'MiB {{pod}}',
          },
          {
            expr: `sum by (pod) (rate(process_cpu_seconds_total{${store}, job=~".*tracestore.*"}[${window}]))`,
            legend: 'cores {{pod}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Collector',
    panels: [
      {
        title: 'Spans received and sent per second',
        description: 'Spans that receivers accepted and refused, and that exporters sent.',
        unit: 'short',
        queries: [
          { expr: `sum(rate(otelcol_receiver_accepted_spans{${store}}[${window}]))`, legend: 'received' },
          { expr: `sum(rate(otelcol_receiver_refused_spans{${store}}[${window}]))`, legend: 'refused' },
          {
            expr: `sum by (exporter) (rate(otelcol_exporter_sent_spans{${store}}[${window}]))`,
            legend: 'sent: {{exporter}}',
          },
        ],
      },
      {
        title: 'Queues of the Collector',
        description: 'Requests that wait on its volume, by exporter.',
        unit: 'short',
        queries: [
          { expr: `max by (exporter, pod) (otelcol_exporter_queue_size{${store}})`, legend: '{{exporter}} {{pod}}' },
        ],
      },
      {
        title: 'Spans lost by the Collector per second',
        description: 'Spans that were dropped after errors, or that found the queue full.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (exporter) (rate(otelcol_exporter_send_failed_spans{${store}}[${window}]))`,
            legend: 'not sent: {{exporter}}',
          },
          {
            expr: `sum by (exporter) (rate(otelcol_exporter_enqueue_failed_spans{${store}}[${window}]))`,
            legend: 'queue full: {{exporter}}',
          },
        ],
      },
      {
        title: 'Memory of the Collector',
        description: 'Resident memory.',
        unit: 'bytes',
        queries: [{ expr: `max by (pod) (otelcol_process_memory_rss{${store}})`, legend: '{{pod}}' }],
      },
    ],
  },
  {
    title: 'PostgreSQL (postgres_exporter)',
    panels: [
      {
        title: 'Transactions per second',
        description: 'Committed and rolled back.',
        unit: 'short',
        queries: [
          {
            expr: `sum by (datname) (rate(pg_stat_database_xact_commit{${store}}[${window}])) > 0`,
            legend: '{{datname}}: committed',
          },
          {
            expr: `sum by (datname) (rate(pg_stat_database_xact_rollback{${store}}[${window}])) > 0`,
            legend: '{{datname}}: rolled back',
          },
        ],
      },
      {
        title: 'Blocks found in memory',
        description: 'Share of blocks in the buffer cache of PostgreSQL.',
        unit: 'percentunit',
        queries: [
          {
            expr: `sum(rate(pg_stat_database_blks_hit{${store}}[${window}])) / (sum(rate(pg_stat_database_blks_hit{${store}}[${window}])) + sum(rate(pg_stat_database_blks_read{${store}}[${window}])))`,
            legend: 'found',
          },
        ],
      },
      {
        title: 'Connections of PostgreSQL',
        description: 'By state, with max_connections.',
        unit: 'short',
        queries: [
          { expr: `sum by (state) (pg_stat_activity_count{${store}}) > 0`, legend: '{{state}}' },
          { expr: `max(pg_settings_max_connections{${store}})`, legend: 'max_connections' },
        ],
      },
      {
        title: 'Longest transaction',
        description: 'A long transaction keeps vacuum from removing rows.',
        unit: 's',
        queries: [{ expr: `max by (datname) (pg_stat_activity_max_tx_duration{${store}})`, legend: '{{datname}}' }],
      },
      {
        title: 'Size of databases',
        description: 'On disk.',
        unit: 'bytes',
        queries: [{ expr: `max by (datname) (pg_database_size_bytes{${store}})`, legend: '{{datname}}' }],
      },
      {
        title: 'Deadlocks and temporary files',
        description:
          'Deadlocks per second, and MiB of temporary files per second, which queries write that lack memory.',
        unit: 'short',
        queries: [
          { expr: `sum(rate(pg_stat_database_deadlocks{${store}}[${window}]))`, legend: 'deadlocks' },
          { expr: `sum(rate(pg_stat_database_temp_bytes{${store}}[${window}])) / 1048576`, legend: 'temporary files' },
        ],
      },
    ],
  },
];

/** Every PromQL expression of the dashboard, with the title of its panel. Grafana's variables have values. */
export const dashboardExpressions: readonly { readonly title: string; readonly expr: string }[] = rows.flatMap(
  ({ panels }) =>
    panels.flatMap(({ title, queries }) =>
      queries.map(({ expr }) => ({ title, expr: expr.replaceAll(window, '5m').replaceAll('$namespace', '.*') })),
    ),
);

/** The data source is a variable, so the dashboard works with any Prometheus. */
const source = { type: 'prometheus', uid: '${prometheus}' } as const;
const panelsInRow = 3;
const panelSize = { width: 24 / panelsInRow, height: 7 } as const;

/** Grafana's classic model, which Grafana 9 to 13 read. */
export function metricsDashboard(): Json {
  let y = 0;
  let id = 0;
  const panels: Json[] = [];
  for (const { title, panels: ofRow } of rows) {
    id += 1;
    panels.push({ id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] });
    y += 1;
    ofRow.forEach((panel, index) => {
      id += 1;
      const x = (index % panelsInRow) * panelSize.width;
      if (index > 0 && x === 0) y += panelSize.height;
      panels.push(panelOf(panel, id, { x, y, w: panelSize.width, h: panelSize.height }));
    });
    y += panelSize.height;
  }
  return {
    annotations: { list: [] },
    description: 'How tracestore, its PostgreSQL and its Collector are doing. The data source is Prometheus.',
    editable: false,
    graphTooltip: 1,
    id: null,
    links: [],
    panels,
    refresh: '30s',
    schemaVersion: 37,
    tags: ['spandrel'],
    templating: {
      list: [
        { name: 'prometheus', label: 'Prometheus', type: 'datasource', query: 'prometheus', hide: 0, refresh: 1 },
        {
          name: 'namespace',
          label: 'Namespace',
          type: 'query',
          datasource: source,
          definition: 'label_values(tracestore_ready, namespace)',
          query: { query: 'label_values(tracestore_ready, namespace)', refId: 'namespace' },
          allValue: '.*',
          current: { selected: true, text: 'All', value: '$__all' },
          includeAll: true,
          multi: false,
          hide: 0,
          refresh: 2,
          sort: 1,
        },
      ],
    },
    time: { from: 'now-3h', to: 'now' },
    timepicker: {},
    timezone: '',
    title: 'Spandrel operations',
    uid,
    version: 1,
    weekStart: '',
  };
}

function panelOf(
  { title, description, unit, queries, isStacked = false }: MetricsPanel,
  id: number,
  gridPos: Json,
): Json {
  return {
    id,
    type: 'timeseries',
    title,
    description,
    gridPos,
    datasource: source,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: source,
      editorMode: 'code',
      expr,
      legendFormat: legend,
      range: true,
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          drawStyle: 'line',
          fillOpacity: isStacked ? 60 : 10,
          lineWidth: 1,
          showPoints: 'auto',
          spanNulls: false,
          stacking: { group: 'A', mode: isStacked ? 'normal' : 'none' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}
