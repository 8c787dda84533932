-- Returns the spans of a trace that contain a text, in the order of their starts, each id once. The text may be in the name, the
-- service, the status message, an attribute, or an event. Case does not matter.
-- :'trace_id'   the trace.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
-- :'text'       the text in lower case.
-- :'json_text'  the same text as part of a JSON string.
SELECT lpad(to_hex(s.span_id), 16, '0') AS span_id
FROM tracestore.span s
JOIN tracestore.operation o ON o.id = s.operation_id
WHERE s.trace_id = :'trace_id'::uuid AND s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
  AND (
    position(:'text'::text IN lower(o.span_name)) > 0
    OR position(:'text' IN lower(o.service_name)) > 0
    OR position(:'text' IN lower(s.status_message)) > 0
    OR position(:'json_text'::text IN lower(s.attributes::text)) > 0
    OR lpad(to_hex(s.span_id), 16, '0') = :'text'
    OR s.span_id IN (
      SELECT e.span_id
      FROM tracestore.event e
      WHERE e.trace_id = :'trace_id'::uuid AND e.span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
        AND (position(:'text' IN lower(e.name)) > 0 OR position(:'json_text' IN lower(e.attributes::text)) > 0)
    )
  )
GROUP BY s.span_id
ORDER BY min(s.start_time), s.span_id
