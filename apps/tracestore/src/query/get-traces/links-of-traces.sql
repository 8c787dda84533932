-- Returns the links of the spans of spans-of-traces.sql, in the same order.
-- :rows  see rows-of-traces.sql.
SELECT
  requested.number,
  t.span_id,
  (extract(epoch FROM t.span_start_time) * 1000000)::int8 AS start_us,
  t.span_instance AS instance,
  t.linked_trace_id,
  t.linked_span_id,
  t.trace_state,
  t.flags,
  t.dropped_attributes_count,
  t.attributes::text AS attributes
:rows
ORDER BY requested.number, t.span_start_time, t.span_id, t.span_instance, t.link_nbr
