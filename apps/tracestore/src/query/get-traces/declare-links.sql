-- Opens a cursor over the links of the spans that declare-spans.sql gives, in the same order.
DECLARE links NO SCROLL CURSOR FOR
SELECT
  asked.number,
  k.span_id,
  (extract(epoch FROM k.span_start_time) * 1000000)::int8 AS start_us,
  k.span_instance AS instance,
  k.linked_trace_id,
  k.linked_span_id,
  k.trace_state,
  k.flags,
  k.dropped_attributes_count,
  k.attributes::text AS attributes
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS asked (trace_id, start_min, start_max, number)
JOIN tracestore.trace_times($1::uuid[]) AS known ON known.trace_id = asked.trace_id
CROSS JOIN LATERAL (
  SELECT *
  FROM tracestore.link AS of_trace
  WHERE of_trace.trace_id = asked.trace_id AND of_trace.span_start_time BETWEEN asked.start_min AND asked.start_max
    AND of_trace.span_start_time BETWEEN known.start_min AND known.start_max
    AND of_trace.span_start_time BETWEEN $4::timestamptz AND $5::timestamptz
  OFFSET 0
) AS k
ORDER BY asked.number, k.span_start_time, k.span_id, k.span_instance, k.link_nbr
