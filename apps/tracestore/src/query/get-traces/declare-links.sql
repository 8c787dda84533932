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
JOIN tracestore.link k ON k.trace_id = asked.trace_id AND k.span_start_time BETWEEN asked.start_min AND asked.start_max
WHERE k.trace_id = ANY ($1::uuid[]) AND k.span_start_time BETWEEN $4::timestamptz AND $5::timestamptz
ORDER BY asked.number, k.span_start_time, k.span_id, k.span_instance, k.link_nbr
