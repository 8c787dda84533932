-- Takes what blocks of spans add up to; the columns stand in the order in which storage/span-blocks.ts writes them.
COPY tracestore.span_block (start_max, start_min, duration_ns_max, span_count, error_count, salt, trace_ids, filter)
FROM STDIN (FORMAT binary)
