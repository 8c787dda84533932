-- Takes what the calls of a transaction add up to; the columns stand in the order in which storage/delta-rows.ts writes them.
COPY tracestore.operation_delta (time_bucket, operation_id, duration_class, calls, errors, duration_ns_sum)
FROM STDIN (FORMAT binary)
