-- Adds aggregates of calls of services. call-figures.ts writes the columns in this order.
-- :"table"  the table.
COPY tracestore.:"table" (
  time_bucket, service_name, parent_service_name, is_root, calls, errors, duration_ns_sum, self_ns_sum, duration_class,
  duration_calls, self_class, self_calls
) FROM STDIN (FORMAT binary)
