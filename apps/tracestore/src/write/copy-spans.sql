-- Stores spans. storage/copy-rows.ts and transcoder.ts write the columns in this order.
COPY tracestore.span (
  trace_id, span_id, parent_span_id, start_time, start_nanos, end_time, end_nanos, operation_id, resource_id, scope_id,
  instance, flags, dropped_attributes_count, dropped_events_count, dropped_links_count, status_code, trace_state,
  status_message, attributes
) FROM STDIN (FORMAT binary)
