-- Returns the spans of this run and their relatives, trace by trace. trace-reader.ts reads the columns in this order.
COPY (
  SELECT
    trace_nr, span_id, parent_span_id, start_time, end_time, start_nanos, end_nanos, operation_id, instance, flags
  FROM tracestore.spans_of_pass()
) TO STDOUT (FORMAT binary)
