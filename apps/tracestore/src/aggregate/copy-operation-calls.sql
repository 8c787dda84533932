-- Adds aggregates of calls of operations. call-figures.ts writes the columns in this order.
-- :"table"  the table.
COPY tracestore.:"table" (
  time_bucket, operation_id, parent_operation_id, calls, errors, duration_ns_sum, self_ns_sum, duration_class,
  duration_calls, self_class, self_calls
) FROM STDIN (FORMAT binary)
