-- Every event that is stored, in the order in which its span has it.
SELECT
  replace(trace_id::text, '-', '') AS "traceId",
  lpad(to_hex(span_id), 16, '0') AS "spanId",
  span_instance AS instance,
  ((extract(epoch FROM time) * 1000000)::int8 * 1000 + time_nanos)::text AS time,
  name,
  attributes::text AS attributes,
  dropped_attributes_count AS dropped
FROM tracestore.event
ORDER BY trace_id, span_id, span_instance, event_nbr
