-- Opens a cursor over the events of the spans that declare-spans.sql gives, in the same order.
DECLARE events NO SCROLL CURSOR FOR
SELECT
  asked.number,
  e.span_id,
  (extract(epoch FROM e.span_start_time) * 1000000)::int8 AS start_us,
  e.span_instance AS instance,
  (extract(epoch FROM e.time) * 1000000)::int8 AS time_us,
  e.time_nanos,
  e.name,
  e.dropped_attributes_count,
  e.attributes::text AS attributes
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS asked (trace_id, start_min, start_max, number)
JOIN tracestore.event e ON e.trace_id = asked.trace_id AND e.span_start_time BETWEEN asked.start_min AND asked.start_max
WHERE e.trace_id = ANY ($1::uuid[]) AND e.span_start_time BETWEEN $4::timestamptz AND $5::timestamptz
ORDER BY asked.number, e.span_start_time, e.span_id, e.span_instance, e.event_nbr
