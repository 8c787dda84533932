CREATE OR REPLACE VIEW ps_trace.event AS
SELECT
  e.trace_id::ps_trace.trace_id AS trace_id,
  e.span_id,
  e.time,
  e.name AS event_name,
  e.attributes::ps_trace.tag_map AS event_tags,
  CASE WHEN e.dropped_attributes_count < 0 THEN 2147483647 ELSE e.dropped_attributes_count END AS dropped_tags_count,
  s.trace_state,
  s.service_name,
  s.span_name,
  s.span_kind,
  s.start_time AS span_start_time,
  s.end_time AS span_end_time,
  s.time_range AS span_time_range,
  s.duration_ms AS span_duration_ms,
  s.span_tags,
  s.dropped_tags_count AS dropped_span_tags_count,
  s.resource_tags,
  s.resource_dropped_tags_count,
  s.status_code,
  s.status_message,
  replace(e.trace_id::text, '-', '') AS trace_id_hex,
  lpad(to_hex(e.span_id), 16, '0') AS span_id_hex,
  (extract(epoch FROM e.time) * 1000000)::int8 * 1000 + e.time_nanos AS time_unix_nano,
  e.event_nbr,
  e.span_start_time AS partition_time
FROM tracestore.event e
LEFT JOIN tracestore.full_span s
  ON s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.span_start_time
  AND s.instance = e.span_instance;
COMMENT ON VIEW ps_trace.event IS 'One row per event, with columns of its span. The columns up to status_message are Promscale''s';
COMMENT ON COLUMN ps_trace.event.trace_id IS 'The 16 bytes of the trace id; trace_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.event.span_id IS 'The 8 bytes of the span id as a signed number; span_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.event.time IS 'Rounded down to the microsecond; time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.event.event_name IS 'The name of the event';
COMMENT ON COLUMN ps_trace.event.event_tags IS 'The attributes of the event';
COMMENT ON COLUMN ps_trace.event.dropped_tags_count IS 'How many attributes of the event the sender dropped';
COMMENT ON COLUMN ps_trace.event.trace_state IS 'The W3C tracestate of the span; NULL when it has none';
COMMENT ON COLUMN ps_trace.event.service_name IS 'service.name of the resource, or unknown_service where it has none';
COMMENT ON COLUMN ps_trace.event.span_name IS 'The name of the span: the operation';
COMMENT ON COLUMN ps_trace.event.span_kind IS 'The role of the span in the call; unspecified where the sender did not set it';
COMMENT ON COLUMN ps_trace.event.span_start_time IS 'Of the span: rounded down to the microsecond; span.start_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.event.span_end_time IS 'Of the span: rounded down to the microsecond; span.end_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.event.span_time_range IS 'Of the span: from start to end, both included; only the start where a span ends before it starts';
COMMENT ON COLUMN ps_trace.event.span_duration_ms IS 'Of the span: milliseconds from start to end, never negative: 0 where a span ends before it starts';
COMMENT ON COLUMN ps_trace.event.span_tags IS 'The attributes of the span';
COMMENT ON COLUMN ps_trace.event.dropped_span_tags_count IS 'Of the span: how many attributes the sender dropped';
COMMENT ON COLUMN ps_trace.event.resource_tags IS 'The attributes of the resource, service.name among them';
COMMENT ON COLUMN ps_trace.event.resource_dropped_tags_count IS 'How many attributes of the resource the sender dropped';
COMMENT ON COLUMN ps_trace.event.status_code IS 'Whether the span failed; unset where the sender did not set it';
COMMENT ON COLUMN ps_trace.event.status_message IS 'The error message of the sender; NULL when there is none';
COMMENT ON COLUMN ps_trace.event.trace_id_hex IS 'The trace id in hex, as other tools write it';
COMMENT ON COLUMN ps_trace.event.span_id_hex IS 'The span id in hex, as other tools write it';
COMMENT ON COLUMN ps_trace.event.time_unix_nano IS 'Nanoseconds since 1970, exact';
COMMENT ON COLUMN ps_trace.event.event_nbr IS 'The position of the event in its span, from 0';
COMMENT ON COLUMN ps_trace.event.partition_time IS 'The start of the span again, from the row of the event: a condition on it skips partitions of events, one on span_start_time partitions of spans. events_between has both';
