/** Cases for the alerts: series, in the notation of promtool, and whether the alert fires at a time. */
export interface AlertCase {
  readonly alert: string;
  readonly severity: 'critical' | 'warning';
  readonly name: string;
  /** Values by series, one for each interval: `0+10x60` is 61 values that grow by 10. */
  readonly series: Readonly<Record<string, string>>;
  readonly intervalMinutes: number;
  /** When the alert is looked at, from the first value. */
  readonly at: string;
  /** The labels of the alert; undefined if it must not fire. */
  readonly fires: Readonly<Record<string, string>> | undefined;
}

const here = { namespace: 'shop', job: 'tracestore' };
/** A series in the notation of PromQL. */
export function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(', ')}}`;
}

const of = (name: string, labels: Readonly<Record<string, string>> = {}): string =>
  seriesOf(name, { ...here, pod: 'a', ...labels });

/** A case in which an alert fires, and one with other values in which it does not. */
function pair(
  alert: string,
  severity: AlertCase['severity'],
  at: string,
  fires: Readonly<Record<string, string>>,
  bad: Readonly<Record<string, string>>,
  good: Readonly<Record<string, string>>,
  intervalMinutes = 1,
): readonly AlertCase[] {
  const common = { alert, severity, at, intervalMinutes };
  return [
    { ...common, name: 'fires', series: bad, fires },
    { ...common, name: 'is quiet', series: good, fires: undefined },
  ];
}

const refused = (code: string): string => of('tracestore_ingest_requests_refused_total', { code });
const requests = of('tracestore_ingest_requests_total', { protocol: 'http' });
const queries = (kind = 'search'): string =>
  of('tracestore_query_duration_seconds_count', { protocol: 'console', kind });
const fastQueries = of('tracestore_query_duration_seconds_bucket', { protocol: 'console', kind: 'search', le: '2.5' });
const queryErrors = (code: string): string =>
  of('tracestore_query_errors_total', { protocol: 'console', kind: 'search', code });
const sixHoursS = 6 * 3_600;

export const alertCases: readonly AlertCase[] = [
  ...pair('TracestoreDown', 'critical', '10m', {}, { 'up{job="other"}': '1x20' }, { [of('tracestore_ready')]: '1x20' }),
  ...pair(
    'TracestoreNotReady',
    'critical',
    '10m',
    here,
    { [of('tracestore_ready')]: '0x20', [of('tracestore_ready', { pod: 'b' })]: '0x20' },
    { [of('tracestore_ready')]: '0x20', [of('tracestore_ready', { pod: 'b' })]: '1x20' },
  ),
  ...pair(
    'TracestoreCommitsFail',
    'critical',
    '30m',
    { ...here, code: 'disk-full' },
    { [of('tracestore_ingest_commit_failures_total', { code: 'disk-full' })]: '0+1x40' },
    { [of('tracestore_ingest_commit_failures_total', { code: 'disk-full' })]: '0 1x40' },
  ),
  ...pair(
    'TracestoreInternalErrors',
    'warning',
    '10m',
    here,
    { [refused('internal')]: '0x5 1x10' },
    { [refused('overloaded')]: '0x5 9x10', [refused('internal')]: '7x20' },
  ),
  {
    alert: 'TracestoreInternalErrors',
    severity: 'warning',
    name: 'fires for queries',
    series: { [queryErrors('internal')]: '0x5 1x10' },
    intervalMinutes: 1,
    at: '10m',
    fires: here,
  },
  ...pair(
    'TracestoreIngestSaturated',
    'warning',
    '30m',
    here,
    { [of('tracestore_ingest_in_flight_bytes')]: '90x40', [of('tracestore_ingest_in_flight_limit_bytes')]: '100x40' },
    { [of('tracestore_ingest_in_flight_bytes')]: '50x40', [of('tracestore_ingest_in_flight_limit_bytes')]: '100x40' },
  ),
  ...pair(
    'TracestoreSpansRejected',
    'warning',
    '90m',
    { ...here, reason: 'bad-span' },
    { [of('tracestore_ingest_spans_rejected_total', { reason: 'bad-span' })]: '0+1x100' },
    { [of('tracestore_ingest_spans_rejected_total', { reason: 'bad-span' })]: '5x100' },
  ),
  ...pair(
    'TracestoreAggregationLags',
    'warning',
    '30m',
    here,
    { [of('tracestore_calls_lag_seconds')]: '400x40', [of('tracestore_calls_lag_seconds', { pod: 'b' })]: '410x40' },
    { [of('tracestore_calls_lag_seconds')]: '400x40', [of('tracestore_calls_lag_seconds', { pod: 'b' })]: '12x40' },
  ),
  ...pair(
    'TracestorePoolExhausted',
    'warning',
    '30m',
    { ...here, pod: 'a', db_client_connection_pool_name: 'query' },
    { [of('db_client_connection_pending_requests', { db_client_connection_pool_name: 'query' })]: '3x40' },
    { [of('db_client_connection_pending_requests', { db_client_connection_pool_name: 'query' })]: '3 0 3 0x40' },
  ),
  ...pair(
    'TracestoreLifecycleStalled',
    'warning',
    '6h',
    { ...here, step: 'retention' },
    { [of('tracestore_lifecycle_last_success_timestamp_seconds', { step: 'retention' })]: '60x400' },
    {
      [of('tracestore_lifecycle_last_success_timestamp_seconds', { step: 'retention' })]: '60x400',
      // Another replica has it.
      [of('tracestore_lifecycle_last_success_timestamp_seconds', { step: 'retention', pod: 'b' })]: '0+60x400',
    },
  ),
  ...pair(
    'TracestoreLifecycleHeld',
    'warning',
    '90m',
    { ...here, reason: 'clock' },
    { [of('tracestore_lifecycle_held', { reason: 'clock' })]: '1x100' },
    { [of('tracestore_lifecycle_held', { reason: 'clock' })]: '1x20 0x100' },
  ),
  ...pair(
    'TracestorePartitionsRunOut',
    'critical',
    '6h',
    { ...here, table: 'span' },
    { [of('tracestore_partition_newest_end_timestamp_seconds', { table: 'span' })]: `${sixHoursS + 600}x400` },
    { [of('tracestore_partition_newest_end_timestamp_seconds', { table: 'span' })]: `${sixHoursS + 90_000}x400` },
  ),
  ...pair(
    'TracestoreReaderRightsMissing',
    'warning',
    '30m',
    here,
    { [of('tracestore_warning', { code: 'reader-role' })]: '1x40' },
    {
      [of('tracestore_warning', { code: 'reader-role' })]: '0x40',
      [of('tracestore_warning', { code: 'clock' })]: '1x40',
    },
  ),
  // 2 % of the requests fail: 20 times the budget.
  ...pair(
    'TracestoreIngestErrorBudgetBurn',
    'critical',
    '90m',
    here,
    { [requests]: '0+1000x100', [refused('overloaded')]: '0+20x100' },
    // A fault of senders.
    { [requests]: '0+1000x100', [refused('undecodable')]: '0+200x100', [refused('overloaded')]: '0x100' },
  ),
  {
    alert: 'TracestoreIngestErrorBudgetBurn',
    severity: 'critical',
    name: 'ends soon after the failures have ended',
    series: { [requests]: '0+1000x100', [refused('overloaded')]: '0+20x60 1200x40' },
    intervalMinutes: 1,
    at: '95m',
    fires: undefined,
  },
  // 0.4 %: 4 times the budget. Windows longer than the data have the share of the data.
  ...pair(
    'TracestoreIngestErrorBudgetBurn',
    'warning',
    '3h',
    here,
    { [requests]: '0+10000x40', [refused('unavailable')]: '0+40x40' },
    { [requests]: '0+10000x40', [refused('unavailable')]: '0+5x40' },
    5,
  ),
  ...pair(
    'TracestoreQueryErrorBudgetBurn',
    'critical',
    '90m',
    here,
    { [queries()]: '0+100x100', [queryErrors('busy')]: '0+20x100' },
    // Faults of clients, and no series of the store's own.
    { [queries()]: '0+100x100', [queryErrors('invalid')]: '0+50x100' },
  ),
  ...pair(
    'TracestoreQueryErrorBudgetBurn',
    'warning',
    '3h',
    here,
    { [queries()]: '0+1000x40', [queryErrors('timed-out')]: '0+40x40' },
    { [queries()]: '0+1000x40', [queryErrors('timed-out')]: '0+5x40' },
    5,
  ),
  ...pair(
    'TracestoreQueryLatencyBudgetBurn',
    'critical',
    '90m',
    here,
    { [queries()]: '0+100x100', [fastQueries]: '0+20x100' },
    { [queries()]: '0+100x100', [fastQueries]: '0+98x100', [queries('sql')]: '0+100x100' },
  ),
  ...pair(
    'TracestoreQueryLatencyBudgetBurn',
    'warning',
    '3h',
    here,
    { [queries()]: '0+100x40', [fastQueries]: '0+80x40' },
    { [queries()]: '0+100x40', [fastQueries]: '0+99x40' },
    5,
  ),
  ...pair(
    'SpandrelCollectorLosesSpans',
    'critical',
    '15m',
    { ...here, exporter: 'otlp_http/tracestore' },
    { [of('otelcol_exporter_send_failed_spans', { exporter: 'otlp_http/tracestore' })]: '0x5 9x20' },
    { [of('otelcol_exporter_send_failed_spans', { exporter: 'otlp_http/elsewhere' })]: '0x5 9x20' },
  ),
  {
    alert: 'SpandrelCollectorLosesSpans',
    severity: 'critical',
    name: 'fires for a full queue',
    series: { [of('otelcol_exporter_enqueue_failed_spans', { exporter: 'otlp_grpc/tempo' })]: '0x5 9x20' },
    intervalMinutes: 1,
    at: '15m',
    fires: { ...here, exporter: 'otlp_grpc/tempo' },
  },
  ...pair(
    'SpandrelCollectorQueueGrows',
    'warning',
    '60m',
    { ...here, exporter: 'otlp_http/tracestore' },
    { [of('otelcol_exporter_queue_size', { exporter: 'otlp_http/tracestore' })]: '0+100x60' },
    { [of('otelcol_exporter_queue_size', { exporter: 'otlp_http/tracestore' })]: '6000-50x60' },
  ),
  ...pair(
    'SpandrelPostgresDown',
    'critical',
    '10m',
    { instance: 'db:9187' },
    { 'pg_up{instance="db:9187"}': '0x20' },
    { 'pg_up{instance="db:9187"}': '1x20' },
  ),
  ...pair(
    'SpandrelPostgresConnectionsNearLimit',
    'warning',
    '30m',
    { instance: 'db:9187' },
    {
      'pg_stat_activity_count{instance="db:9187", state="active"}': '50x40',
      'pg_stat_activity_count{instance="db:9187", state="idle"}': '40x40',
      'pg_settings_max_connections{instance="db:9187", server="db"}': '100x40',
    },
    {
      'pg_stat_activity_count{instance="db:9187", state="active"}': '50x40',
      'pg_settings_max_connections{instance="db:9187", server="db"}': '100x40',
    },
  ),
  ...pair(
    'SpandrelVolumeFillsUp',
    'critical',
    '7h',
    { namespace: 'shop', persistentvolumeclaim: 'data-spandrel-database-0' },
    {
      'kubelet_volume_stats_available_bytes{namespace="shop", persistentvolumeclaim="data-spandrel-database-0"}':
        '180-1x150',
      'kubelet_volume_stats_capacity_bytes{namespace="shop", persistentvolumeclaim="data-spandrel-database-0"}':
        '1000x150',
    },
    {
      'kubelet_volume_stats_available_bytes{namespace="shop", persistentvolumeclaim="data-spandrel-database-0"}':
        '100x150',
      'kubelet_volume_stats_capacity_bytes{namespace="shop", persistentvolumeclaim="data-spandrel-database-0"}':
        '1000x150',
    },
    5,
  ),
];
