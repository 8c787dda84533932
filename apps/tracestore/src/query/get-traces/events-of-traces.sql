-- Returns the events of the spans of spans-of-traces.sql, in the same order.
-- :rows  see rows-of-traces.sql.
SELECT
  requested.number,
  t.span_id,
  (extract(epoch FROM t.span_start_time) * 1000000)::int8 AS start_us,
  t.span_instance AS instance,
  (extract(epoch FROM t.time) * 1000000)::int8 AS time_us,
  t.time_nanos,
  t.name,
  t.dropped_attributes_count,
  t.attributes::text AS attributes
:rows
ORDER BY requested.number, t.span_start_time, t.span_id, t.span_instance, t.event_nbr
