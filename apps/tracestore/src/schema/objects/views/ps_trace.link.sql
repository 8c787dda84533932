CREATE OR REPLACE VIEW ps_trace.link AS
SELECT
  k.trace_id::ps_trace.trace_id AS trace_id,
  k.span_id,
  s.trace_state, s.parent_span_id, s.is_root_span, s.service_name, s.span_name, s.span_kind,
  s.start_time, s.end_time, s.time_range, s.duration_ms, s.span_tags, s.dropped_tags_count, s.event_time,
  s.dropped_events_count, s.dropped_link_count, s.status_code, s.status_message,
  s.instrumentation_lib_name, s.instrumentation_lib_version, s.instrumentation_lib_schema_url,
  s.resource_tags, s.resource_dropped_tags_count, s.resource_schema_url,
  k.linked_trace_id::ps_trace.trace_id AS linked_trace_id,
  k.linked_span_id,
  l.trace_state AS linked_trace_state,
  l.parent_span_id AS linked_parent_span_id,
  l.is_root_span AS linked_is_root_span,
  l.service_name AS linked_service_name,
  l.span_name AS linked_span_name,
  l.span_kind AS linked_span_kind,
  l.start_time AS linked_start_time,
  l.end_time AS linked_end_time,
  l.time_range AS linked_time_range,
  l.duration_ms AS linked_duration_ms,
  l.span_tags AS linked_span_tags,
  l.dropped_tags_count AS linked_dropped_tags_count,
  l.event_time AS linked_event_time,
  l.dropped_events_count AS linked_dropped_events_count,
  l.dropped_link_count AS linked_dropped_link_count,
  l.status_code AS linked_status_code,
  l.status_message AS linked_status_message,
  l.instrumentation_lib_name AS linked_inst_lib_name,
  l.instrumentation_lib_version AS linked_inst_lib_version,
  l.instrumentation_lib_schema_url AS linked_inst_lib_schema_url,
  l.resource_tags AS linked_resource_tags,
  l.resource_dropped_tags_count AS linked_resource_dropped_tags_count,
  l.resource_schema_url AS linked_resource_schema_url,
  k.attributes::ps_trace.tag_map AS link_tags,
  CASE WHEN k.dropped_attributes_count < 0 THEN 2147483647 ELSE coalesce(k.dropped_attributes_count, 0) END
    AS dropped_link_tags_count,
  replace(k.trace_id::text, '-', '') AS trace_id_hex,
  lpad(to_hex(k.span_id), 16, '0') AS span_id_hex,
  replace(k.linked_trace_id::text, '-', '') AS linked_trace_id_hex,
  lpad(to_hex(k.linked_span_id), 16, '0') AS linked_span_id_hex,
  k.trace_state AS link_trace_state,
  coalesce(k.flags, 0)::int8 & 4294967295 AS link_flags,
  k.link_nbr,
  k.span_start_time AS partition_time
FROM tracestore.link k
LEFT JOIN tracestore.full_span s
  ON s.trace_id = k.trace_id AND s.span_id = k.span_id AND s.start_time = k.span_start_time
  AND s.instance = k.span_instance
-- The first of several spans with the linked id, so that a link is one row.
LEFT JOIN LATERAL (
  SELECT f.*
  FROM tracestore.full_span f
  WHERE f.trace_id = k.linked_trace_id AND f.span_id = k.linked_span_id
  ORDER BY f.start_time, f.instance
  LIMIT 1
) l ON true;
COMMENT ON VIEW ps_trace.link IS 'One row per link, with columns of its span and, where it is stored, of the linked span. The columns up to dropped_link_tags_count are Promscale''s';
COMMENT ON COLUMN ps_trace.link.trace_id IS 'The 16 bytes of the trace id; trace_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.link.span_id IS 'The 8 bytes of the span id as a signed number; span_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.link.trace_state IS 'The W3C tracestate of the span; NULL when it has none';
COMMENT ON COLUMN ps_trace.link.parent_span_id IS 'The span id of the parent; NULL in a root span';
COMMENT ON COLUMN ps_trace.link.is_root_span IS 'Whether the span has no parent';
COMMENT ON COLUMN ps_trace.link.service_name IS 'service.name of the resource, or unknown_service where it has none';
COMMENT ON COLUMN ps_trace.link.span_name IS 'The name of the span: the operation';
COMMENT ON COLUMN ps_trace.link.span_kind IS 'The role of the span in the call; unspecified where the sender did not set it';
COMMENT ON COLUMN ps_trace.link.start_time IS 'Rounded down to the microsecond; span.start_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.link.end_time IS 'Rounded down to the microsecond; span.end_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.link.time_range IS 'From start to end, both included; only the start where a span ends before it starts';
COMMENT ON COLUMN ps_trace.link.duration_ms IS 'Milliseconds from start to end, never negative: 0 where a span ends before it starts';
COMMENT ON COLUMN ps_trace.link.span_tags IS 'The attributes of the span';
COMMENT ON COLUMN ps_trace.link.dropped_tags_count IS 'How many attributes the sender dropped';
COMMENT ON COLUMN ps_trace.link.event_time IS 'From the earliest event of the span to the latest; NULL without events';
COMMENT ON COLUMN ps_trace.link.dropped_events_count IS 'How many events the sender dropped';
COMMENT ON COLUMN ps_trace.link.dropped_link_count IS 'How many links the sender dropped';
COMMENT ON COLUMN ps_trace.link.status_code IS 'Whether the span failed; unset where the sender did not set it';
COMMENT ON COLUMN ps_trace.link.status_message IS 'The error message of the sender; NULL when there is none';
COMMENT ON COLUMN ps_trace.link.instrumentation_lib_name IS 'The name of the instrumentation scope';
COMMENT ON COLUMN ps_trace.link.instrumentation_lib_version IS 'The version of the instrumentation scope';
COMMENT ON COLUMN ps_trace.link.instrumentation_lib_schema_url IS 'The schema URL of the spans of this instrumentation scope';
COMMENT ON COLUMN ps_trace.link.resource_tags IS 'The attributes of the resource, service.name among them';
COMMENT ON COLUMN ps_trace.link.resource_dropped_tags_count IS 'How many attributes of the resource the sender dropped';
COMMENT ON COLUMN ps_trace.link.resource_schema_url IS 'The schema URL of the resource';
COMMENT ON COLUMN ps_trace.link.linked_trace_id IS 'The trace id in the link, whether or not the linked span is stored; NULL when the link names no trace';
COMMENT ON COLUMN ps_trace.link.linked_span_id IS 'The span id in the link, whether or not the linked span is stored; NULL when the link names no span';
COMMENT ON COLUMN ps_trace.link.linked_trace_state IS 'The W3C tracestate of the linked span; link_trace_state is the one in the link';
COMMENT ON COLUMN ps_trace.link.linked_parent_span_id IS 'Of the linked span: the span id of the parent; NULL in a root span';
COMMENT ON COLUMN ps_trace.link.linked_is_root_span IS 'Of the linked span: whether the span has no parent';
COMMENT ON COLUMN ps_trace.link.linked_service_name IS 'Of the linked span: service.name of the resource, or unknown_service where it has none';
COMMENT ON COLUMN ps_trace.link.linked_span_name IS 'Of the linked span: the name of the span: the operation';
COMMENT ON COLUMN ps_trace.link.linked_span_kind IS 'Of the linked span: the role of the span in the call; unspecified where the sender did not set it';
COMMENT ON COLUMN ps_trace.link.linked_start_time IS 'Of the linked span: rounded down to the microsecond; span.start_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.link.linked_end_time IS 'Of the linked span: rounded down to the microsecond; span.end_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.link.linked_time_range IS 'Of the linked span: from start to end, both included; only the start where a span ends before it starts';
COMMENT ON COLUMN ps_trace.link.linked_duration_ms IS 'Of the linked span: milliseconds from start to end, never negative: 0 where a span ends before it starts';
COMMENT ON COLUMN ps_trace.link.linked_span_tags IS 'Of the linked span: the attributes of the span';
COMMENT ON COLUMN ps_trace.link.linked_dropped_tags_count IS 'Of the linked span: how many attributes the sender dropped';
COMMENT ON COLUMN ps_trace.link.linked_event_time IS 'Of the linked span: from the earliest event of the span to the latest; NULL without events';
COMMENT ON COLUMN ps_trace.link.linked_dropped_events_count IS 'Of the linked span: how many events the sender dropped';
COMMENT ON COLUMN ps_trace.link.linked_dropped_link_count IS 'Of the linked span: how many links the sender dropped';
COMMENT ON COLUMN ps_trace.link.linked_status_code IS 'Of the linked span: whether the span failed; unset where the sender did not set it';
COMMENT ON COLUMN ps_trace.link.linked_status_message IS 'Of the linked span: the error message of the sender; NULL when there is none';
COMMENT ON COLUMN ps_trace.link.linked_inst_lib_name IS 'Of the linked span: the name of the instrumentation scope';
COMMENT ON COLUMN ps_trace.link.linked_inst_lib_version IS 'Of the linked span: the version of the instrumentation scope';
COMMENT ON COLUMN ps_trace.link.linked_inst_lib_schema_url IS 'Of the linked span: the schema URL of the spans of this instrumentation scope';
COMMENT ON COLUMN ps_trace.link.linked_resource_tags IS 'Of the linked span: the attributes of the resource, service.name among them';
COMMENT ON COLUMN ps_trace.link.linked_resource_dropped_tags_count IS 'Of the linked span: how many attributes of the resource the sender dropped';
COMMENT ON COLUMN ps_trace.link.linked_resource_schema_url IS 'Of the linked span: the schema URL of the resource';
COMMENT ON COLUMN ps_trace.link.link_tags IS 'The attributes of the link';
COMMENT ON COLUMN ps_trace.link.dropped_link_tags_count IS 'How many attributes of the link the sender dropped';
COMMENT ON COLUMN ps_trace.link.trace_id_hex IS 'The trace id in hex, as other tools write it';
COMMENT ON COLUMN ps_trace.link.span_id_hex IS 'The span id in hex, as other tools write it';
COMMENT ON COLUMN ps_trace.link.linked_trace_id_hex IS 'linked_trace_id in hex';
COMMENT ON COLUMN ps_trace.link.linked_span_id_hex IS 'linked_span_id in hex';
COMMENT ON COLUMN ps_trace.link.link_trace_state IS 'The W3C tracestate in the link';
COMMENT ON COLUMN ps_trace.link.link_flags IS 'The flags in the link, as in span.flags';
COMMENT ON COLUMN ps_trace.link.link_nbr IS 'The position of the link in its span, from 0';
COMMENT ON COLUMN ps_trace.link.partition_time IS 'The start of the span again, from the row of the link: a condition on it skips partitions of links, one on start_time partitions of spans. links_between has both';
