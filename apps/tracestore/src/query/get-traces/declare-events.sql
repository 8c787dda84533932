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
JOIN tracestore.trace_times($1::uuid[]) AS known ON known.trace_id = asked.trace_id
CROSS JOIN LATERAL (
  SELECT *
  FROM tracestore.event AS of_trace
  WHERE of_trace.trace_id = asked.trace_id AND of_trace.span_start_time BETWEEN asked.start_min AND asked.start_max
    AND of_trace.span_start_time BETWEEN known.start_min AND known.start_max
    AND of_trace.span_start_time BETWEEN $4::timestamptz AND $5::timestamptz
  OFFSET 0
) AS e
ORDER BY asked.number, e.span_start_time, e.span_id, e.span_instance, e.event_nbr
