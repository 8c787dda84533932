-- Stores blocks. storage/span-blocks.ts writes the columns in this order.
COPY tracestore.span_block (start_max, start_min, duration_ns_max, span_count, error_count, salt, trace_ids, filter)
FROM STDIN (FORMAT binary)
