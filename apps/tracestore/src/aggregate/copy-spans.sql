-- Returns the spans that a run aggregates and their relatives, trace by trace. trace-reader.ts reads the columns in this order.
-- :'run'        the run.
-- :'oversized'  the numbers of the oversized traces to read, an array as text; all traces if it is empty.
COPY (
  SELECT
    trace_nr, span_id, parent_span_id, start_time, end_time, start_nanos, end_nanos, operation_id, instance, flags
  FROM tracestore.spans_of_run(:'run', :'oversized')
) TO STDOUT (FORMAT binary)
