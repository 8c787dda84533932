-- Adds figures of operations' calls to the table {{table}}; the columns stand in the order in which call-figures.ts writes them.
COPY tracestore.{{table}} (
  time_bucket, operation_id, parent_operation_id, calls, errors, duration_ns_sum, self_ns_sum, duration_class,
  duration_calls, self_class, self_calls
) FROM STDIN (FORMAT binary)
