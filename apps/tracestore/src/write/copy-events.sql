-- Stores events. storage/copy-rows.ts and transcoder.ts write the columns in this order.
COPY tracestore.event (
  trace_id, span_id, span_start_time, time, time_nanos, span_instance, event_nbr, dropped_attributes_count, name,
  attributes
) FROM STDIN (FORMAT binary)
