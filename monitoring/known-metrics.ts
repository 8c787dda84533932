/** The metrics that rules and the dashboard may name. A name that nothing exposes would be an alert that never fires. */
import { describeMetrics } from '../generate/metrics.ts';
import { tracestoreRegistry } from '../generate/tracestore-metrics.ts';

/** The series that tracestore exposes, as docs/metrics.md lists them; a histogram has three. */
export function tracestoreMetrics(): readonly string[] {
  return describeMetrics(tracestoreRegistry()).flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
  );
}

/** Those of the Collector that are used here, as the configuration of the chart names them. */
export const collectorMetrics = [
  'otelcol_exporter_enqueue_failed_spans',
  'otelcol_exporter_queue_capacity',
  'otelcol_exporter_queue_size',
  'otelcol_exporter_send_failed_spans',
  'otelcol_exporter_sent_spans',
  'otelcol_process_memory_rss',
  'otelcol_receiver_accepted_spans',
  'otelcol_receiver_refused_spans',
] as const;

/** Those of postgres_exporter (prometheus-community) that are used here. It has them by default. */
export const postgresMetrics = [
  'pg_database_size_bytes',
  'pg_settings_max_connections',
  'pg_stat_activity_count',
  'pg_stat_activity_max_tx_duration',
  'pg_stat_database_blks_hit',
  'pg_stat_database_blks_read',
  'pg_stat_database_deadlocks',
  'pg_stat_database_temp_bytes',
  'pg_stat_database_xact_commit',
  'pg_stat_database_xact_rollback',
  'pg_up',
] as const;

/** Those of the kubelet. */
export const kubeletMetrics = ['kubelet_volume_stats_available_bytes', 'kubelet_volume_stats_capacity_bytes'] as const;
