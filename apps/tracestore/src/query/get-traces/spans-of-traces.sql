-- Returns the spans of some traces: trace by trace in the order requested, each by time.
-- :rows  see rows-of-traces.sql.
SELECT
  requested.number,
  t.span_id,
  t.parent_span_id,
  (extract(epoch FROM t.start_time) * 1000000)::int8 AS start_us,
  t.start_nanos,
  (extract(epoch FROM t.end_time) * 1000000)::int8 AS end_us,
  t.end_nanos,
  t.instance,
  t.operation_id,
  t.resource_id,
  t.scope_id,
  t.flags,
  t.dropped_attributes_count,
  t.dropped_events_count,
  t.dropped_links_count,
  t.status_code,
  t.status_message,
  t.trace_state,
  t.attributes::text AS attributes
:rows
ORDER BY requested.number, t.start_time, t.span_id, t.instance
