-- The spans that a run aggregates and their relatives, trace by trace; trace-reader.ts reads the columns in this order. COPY
-- takes no parameters, so call-pass.ts inserts two SQL literals: the run, and an array of the numbers of the oversized traces
-- to read. When the array is empty, all traces are read.
COPY (
  SELECT
    trace_nr, span_id, parent_span_id, start_time, end_time, start_nanos, end_nanos, operation_id, instance, flags
  FROM tracestore.spans_of_run({{run}}, {{oversized}})
) TO STDOUT (FORMAT binary)
