CREATE OR REPLACE VIEW ps_trace.span AS
SELECT
  trace_id, span_id, trace_state, parent_span_id, is_root_span, service_name, span_name, span_kind,
  start_time, end_time, time_range, duration_ms, span_tags, dropped_tags_count, event_time,
  dropped_events_count, dropped_link_count, status_code, status_message,
  instrumentation_lib_name, instrumentation_lib_version, instrumentation_lib_schema_url,
  resource_tags, resource_dropped_tags_count, resource_schema_url,
  trace_id_hex, span_id_hex, parent_span_id_hex, start_time_unix_nano, end_time_unix_nano, flags,
  instrumentation_lib_tags, instrumentation_lib_dropped_tags_count, resource_entity_refs
FROM tracestore.full_span;
COMMENT ON VIEW ps_trace.span IS 'One row per span. Indexes serve trace_id, start_time, and service_name, span_kind and span_name together. The columns up to resource_schema_url are Promscale''s. A dropped count above 2147483647 reads 2147483647; an unknown kind or status reads unspecified or unset';
COMMENT ON COLUMN ps_trace.span.trace_id IS 'The 16 bytes of the trace id; trace_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.span.span_id IS 'The 8 bytes of the span id as a signed number; span_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.span.trace_state IS 'The W3C tracestate of the span; NULL when it has none';
COMMENT ON COLUMN ps_trace.span.parent_span_id IS 'The span id of the parent; NULL in a root span';
COMMENT ON COLUMN ps_trace.span.is_root_span IS 'Whether the span has no parent';
COMMENT ON COLUMN ps_trace.span.service_name IS 'service.name of the resource, or unknown_service where it has none';
COMMENT ON COLUMN ps_trace.span.span_name IS 'The name of the span: the operation';
COMMENT ON COLUMN ps_trace.span.span_kind IS 'The role of the span in the call; unspecified where the sender did not set it';
COMMENT ON COLUMN ps_trace.span.start_time IS 'Rounded down to the microsecond; start_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.span.end_time IS 'Rounded down to the microsecond; end_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.span.time_range IS 'From start to end, both included; only the start where a span ends before it starts';
COMMENT ON COLUMN ps_trace.span.duration_ms IS 'Milliseconds from start to end, never negative: 0 where a span ends before it starts';
COMMENT ON COLUMN ps_trace.span.span_tags IS 'The attributes of the span';
COMMENT ON COLUMN ps_trace.span.dropped_tags_count IS 'How many attributes the sender dropped';
COMMENT ON COLUMN ps_trace.span.event_time IS 'From the earliest event of the span to the latest; NULL without events';
COMMENT ON COLUMN ps_trace.span.dropped_events_count IS 'How many events the sender dropped';
COMMENT ON COLUMN ps_trace.span.dropped_link_count IS 'How many links the sender dropped';
COMMENT ON COLUMN ps_trace.span.status_code IS 'Whether the span failed; unset where the sender did not set it';
COMMENT ON COLUMN ps_trace.span.status_message IS 'The error message of the sender; NULL when there is none';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_name IS 'The name of the instrumentation scope';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_version IS 'The version of the instrumentation scope';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_schema_url IS 'The schema URL of the spans of this instrumentation scope';
COMMENT ON COLUMN ps_trace.span.resource_tags IS 'The attributes of the resource, service.name among them';
COMMENT ON COLUMN ps_trace.span.resource_dropped_tags_count IS 'How many attributes of the resource the sender dropped';
COMMENT ON COLUMN ps_trace.span.resource_schema_url IS 'The schema URL of the resource';
COMMENT ON COLUMN ps_trace.span.trace_id_hex IS 'The trace id in hex, as other tools write it';
COMMENT ON COLUMN ps_trace.span.span_id_hex IS 'The span id in hex, as other tools write it';
COMMENT ON COLUMN ps_trace.span.parent_span_id_hex IS 'The span id of the parent in hex; NULL in a root span';
COMMENT ON COLUMN ps_trace.span.start_time_unix_nano IS 'Nanoseconds since 1970, exact';
COMMENT ON COLUMN ps_trace.span.end_time_unix_nano IS 'Nanoseconds since 1970, exact';
COMMENT ON COLUMN ps_trace.span.flags IS 'W3C trace flags in bits 0 to 7. Bit 8 says that the sender knows whether the parent is remote, bit 9 that it is remote';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_tags IS 'The attributes of the instrumentation scope';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_dropped_tags_count IS 'How many attributes of the instrumentation scope the sender dropped';
COMMENT ON COLUMN ps_trace.span.resource_entity_refs IS 'Which attributes of the resource identify and describe its entities; NULL without entities';
