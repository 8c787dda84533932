-- The spans that this pass counts and their relatives, trace by trace; the columns are read in this order by trace-reader.ts.
COPY (
  SELECT
    trace_nr, span_id, parent_span_id, start_time, end_time, start_nanos, end_nanos, operation_id, instance, flags
  FROM tracestore.spans_of_pass()
) TO STDOUT (FORMAT binary)
