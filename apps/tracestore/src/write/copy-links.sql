-- Stores links. storage/copy-rows.ts and transcoder.ts write the columns in this order.
COPY tracestore.link (
  trace_id, span_id, span_start_time, linked_trace_id, linked_span_id, span_instance, link_nbr, flags,
  dropped_attributes_count, trace_state, attributes
) FROM STDIN (FORMAT binary)
