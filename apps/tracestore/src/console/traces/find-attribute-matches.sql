-- Returns the spans of a trace that have an attribute, in the order of their starts, each id once. It is an attribute of the span,
-- of its resource, or of one of its events.
-- :'trace_id'   the trace.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
-- :'key'        the key of the attribute.
-- :'values'     a JSON list of accepted values; an empty list accepts any value.
WITH wanted AS MATERIALIZED (
  SELECT :'key'::text AS key, ARRAY(SELECT jsonb_array_elements(:'values'::jsonb)) AS values
)
SELECT lpad(to_hex(s.span_id), 16, '0') AS span_id
FROM tracestore.span s
CROSS JOIN wanted w
JOIN tracestore.resource r ON r.id = s.resource_id
WHERE s.trace_id = :'trace_id'::uuid AND s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
  AND (
    s.attributes ? w.key AND (cardinality(w.values) = 0 OR s.attributes -> w.key = ANY (w.values))
    OR r.attributes ? w.key AND (cardinality(w.values) = 0 OR r.attributes -> w.key = ANY (w.values))
    OR s.span_id IN (
      SELECT e.span_id
      FROM tracestore.event e
      CROSS JOIN wanted w
      WHERE e.trace_id = :'trace_id'::uuid AND e.span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
        AND e.attributes ? w.key AND (cardinality(w.values) = 0 OR e.attributes -> w.key = ANY (w.values))
    )
  )
GROUP BY s.span_id
ORDER BY min(s.start_time), s.span_id
