-- Every link that is stored, in the order in which its span has it.
SELECT
  replace(trace_id::text, '-', '') AS "traceId",
  lpad(to_hex(span_id), 16, '0') AS "spanId",
  span_instance AS instance,
  coalesce(replace(linked_trace_id::text, '-', ''), '') AS "linkedTraceId",
  coalesce(lpad(to_hex(linked_span_id), 16, '0'), '') AS "linkedSpanId",
  coalesce(trace_state, '') AS "traceState",
  attributes::text AS attributes,
  coalesce(dropped_attributes_count, 0) AS dropped,
  coalesce(flags, 0) AS flags
FROM tracestore.link
ORDER BY trace_id, span_id, span_instance, link_nbr
