import { type Alert, by, type RuleGroup } from './rule.ts';
import { burnAlerts, objectives, ratioRules } from './slos.ts';

/** The exporters of the chart's Collector. */
const exporters = 'exporter=~"otlp_(http|grpc)/(tracestore|tempo)"';
/** The chart's volumes. */
const volumes = 'persistentvolumeclaim=~"data-.*-(database|collector|tempo)-[0-9]+"';

const alerts = {
  tracestore: [
    {
      alert: 'TracestoreDown',
      severity: 'critical',
      expr: 'absent(tracestore_ready)',
      for: '5m',
      summary: 'No tracestore is scraped',
      description: 'Prometheus has had no metrics of any tracestore for 5 minutes.',
    },
    {
      alert: 'TracestoreNotReady',
      severity: 'critical',
      expr: `max by (${by}) (tracestore_ready) == 0`,
      for: '5m',
      summary: 'No replica of {{ $labels.job }} can store spans',
      description: 'Every replica has reported for 5 minutes that it cannot store spans. /readyz says why.',
    },
    {
      alert: 'TracestoreCommitsFail',
      severity: 'critical',
      expr: `sum by (${by}, code) (rate(tracestore_ingest_commit_failures_total[5m])) > 0`,
      for: '10m',
      summary: 'Transactions of {{ $labels.job }} fail: {{ $labels.code }}',
      description:
        '{{ $value | humanize }} transactions a second have failed for 10 minutes. Senders retry, and queues grow.',
    },
    {
      alert: 'TracestoreInternalErrors',
      severity: 'warning',
      expr: `sum by (${by}) (increase(tracestore_ingest_requests_refused_total{code="internal"}[15m])) > 0 or sum by (${by}) (increase(tracestore_query_errors_total{code="internal"}[15m])) > 0`,
      for: '0m',
      summary: '{{ $labels.job }} had an internal error',
      description: 'A request failed by a defect of tracestore. Senders discard the spans of such a request.',
    },
    {
      alert: 'TracestoreIngestSaturated',
      severity: 'warning',
      expr: `max by (${by}) (avg_over_time(tracestore_ingest_in_flight_bytes[5m]) / tracestore_ingest_in_flight_limit_bytes) > 0.8`,
      for: '10m',
      summary: '{{ $labels.job }} is near its in-flight limit',
      description:
        'Requests in flight have used {{ $value | humanizePercentage }} of the memory limit for 10 minutes. At 100 % it rejects requests.',
    },
    {
      alert: 'TracestoreSpansRejected',
      severity: 'warning',
      expr: `sum by (${by}, reason) (rate(tracestore_ingest_spans_rejected_total[30m])) > 0`,
      for: '30m',
      summary: '{{ $labels.job }} leaves out invalid spans',
      description: '{{ $value | humanize }} spans a second have been invalid for 30 minutes. They are not stored.',
    },
    {
      alert: 'TracestoreAggregationLags',
      severity: 'warning',
      expr: `min by (${by}) (tracestore_calls_lag_seconds) > 300`,
      for: '10m',
      summary: 'Aggregates of {{ $labels.job }} are late',
      description: 'Rates, errors and durations lack the last {{ $value | humanizeDuration }}. About 10 s is normal.',
    },
    {
      alert: 'TracestorePoolExhausted',
      severity: 'warning',
      expr: 'min_over_time(db_client_connection_pending_requests{db_client_connection_pool_name=~"query|write"}[5m]) > 0',
      for: '5m',
      summary: 'All {{ $labels.db_client_connection_pool_name }} connections of {{ $labels.job }} are in use',
      description:
        'Statements have waited for a connection of the pool for 10 minutes. Queries fail with `busy` after 5 s.',
    },
    {
      alert: 'TracestoreLifecycleStalled',
      severity: 'warning',
      expr: `time() - max by (${by}, step) (tracestore_lifecycle_last_success_timestamp_seconds) > 4 * 3600`,
      for: '15m',
      summary: 'The step {{ $labels.step }} of the lifecycle of {{ $labels.job }} does not run',
      description: 'The last success was {{ $value | humanizeDuration }} ago. Each step runs at least once an hour.',
    },
    {
      alert: 'TracestoreLifecycleHeld',
      severity: 'warning',
      expr: `max by (${by}, reason) (tracestore_lifecycle_held) > 0`,
      for: '1h',
      summary: '{{ $labels.job }} drops less than configured: {{ $labels.reason }}',
      description: 'Data beyond its retention has been kept for an hour, because of the reason `{{ $labels.reason }}`.',
    },
    {
      alert: 'TracestorePartitionsRunOut',
      severity: 'critical',
      expr: `max by (${by}, table) (tracestore_partition_newest_end_timestamp_seconds) - time() < 1800`,
      for: '10m',
      summary: 'Table {{ $labels.table }} of {{ $labels.job }} has no partition for the near future',
      description:
        'The latest partition ends in {{ $value | humanizeDuration }}. Later rows go to the default partition, which is slow to query and to drop.',
    },
    {
      alert: 'TracestoreReaderRightsMissing',
      severity: 'warning',
      expr: `max by (${by}) (tracestore_warning{code="reader-role"}) > 0`,
      for: '10m',
      summary: 'The role ps_trace_reader of {{ $labels.job }} lacks rights',
      description: 'Grafana, the SQL page and analysts cannot read all of the schema ps_trace.',
    },
  ],
  collector: [
    {
      alert: 'SpandrelCollectorLosesSpans',
      severity: 'critical',
      expr: `sum by (${by}, exporter) (increase(otelcol_exporter_send_failed_spans{${exporters}}[15m])) > 0 or sum by (${by}, exporter) (increase(otelcol_exporter_enqueue_failed_spans{${exporters}}[15m])) > 0`,
      for: '0m',
      summary: 'The Collector has lost spans for {{ $labels.exporter }}',
      description:
        '{{ $value | humanize }} spans were dropped or refused in 15 minutes: the queue is full, or the store refused them for good.',
    },
    {
      alert: 'SpandrelCollectorQueueGrows',
      severity: 'warning',
      expr: `max by (${by}, exporter) (otelcol_exporter_queue_size{${exporters}}) > 1000 and max by (${by}, exporter) (deriv(otelcol_exporter_queue_size{${exporters}}[15m])) > 0`,
      for: '15m',
      summary: 'The queue of the Collector for {{ $labels.exporter }} grows',
      description: '{{ $value | humanize }} requests wait on the volume of the Collector, and more each minute.',
    },
  ],
  database: [
    {
      alert: 'SpandrelPostgresDown',
      severity: 'critical',
      expr: 'pg_up == 0',
      for: '2m',
      summary: 'PostgreSQL {{ $labels.instance }} is down',
      description: 'The exporter has not been able to connect for 2 minutes.',
    },
    {
      alert: 'SpandrelPostgresConnectionsNearLimit',
      severity: 'warning',
      expr: 'sum by (cluster, namespace, instance) (pg_stat_activity_count) / on (cluster, namespace, instance) max by (cluster, namespace, instance) (pg_settings_max_connections) > 0.85',
      for: '10m',
      summary: 'PostgreSQL {{ $labels.instance }} has few free connections',
      description: '{{ $value | humanizePercentage }} of max_connections are in use.',
    },
    {
      alert: 'SpandrelVolumeFillsUp',
      severity: 'critical',
      expr: `kubelet_volume_stats_available_bytes{${volumes}} / kubelet_volume_stats_capacity_bytes < 0.15 and predict_linear(kubelet_volume_stats_available_bytes{${volumes}}[6h], 86400) < 0`,
      for: '15m',
      summary: 'Volume {{ $labels.persistentvolumeclaim }} will be full within a day',
      description: '{{ $value | humanizePercentage }} of the volume is free, and less each hour.',
    },
  ],
} as const satisfies Readonly<Record<string, readonly Alert[]>>;

/** All rules, in the order of evaluation. */
export const ruleGroups: readonly RuleGroup[] = [
  {
    name: 'spandrel-recordings',
    rules: [
      {
        record: 'job:tracestore_ingest_spans_accepted:rate5m',
        expr: `sum by (${by}) (rate(tracestore_ingest_spans_accepted_total[5m]))`,
      },
      {
        record: 'job_kind:tracestore_query_duration_seconds:p95_5m',
        expr: `histogram_quantile(0.95, sum by (${by}, kind, le) (rate(tracestore_query_duration_seconds_bucket[5m])))`,
      },
      {
        record: 'job:tracestore_ingest_commit_duration_seconds:p99_5m',
        expr: `histogram_quantile(0.99, sum by (${by}, le) (rate(tracestore_ingest_commit_duration_seconds_bucket[5m])))`,
      },
    ],
  },
  ...objectives.map((slo) => ({
    name: `spandrel-slo-${slo.name.replaceAll('_', '-')}`,
    rules: [...ratioRules(slo), ...burnAlerts(slo)],
  })),
  { name: 'spandrel-tracestore', rules: alerts.tracestore },
  { name: 'spandrel-collector', rules: alerts.collector },
  { name: 'spandrel-database', rules: alerts.database },
];

/** Every alert; one with two severities is there twice. */
export const allAlerts: readonly Alert[] = ruleGroups.flatMap(({ rules }) =>
  rules.flatMap((rule) => ('alert' in rule ? [rule] : [])),
);
