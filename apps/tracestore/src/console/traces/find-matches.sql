-- Which spans of trace $1 have a text, in capitals or small: in their name, their service, their status message, an
-- attribute's key or value, or in an event's? $2 and $3 are the first and the last time that spans have; $4 is the text in
-- small letters, $5 the same as it stands in JSON. In the order of their starts, each id once.
SELECT lpad(to_hex(s.span_id), 16, '0') AS span_id
FROM tracestore.span s
JOIN tracestore.operation o ON o.id = s.operation_id
WHERE s.trace_id = $1::uuid AND s.start_time BETWEEN $2::timestamptz AND $3::timestamptz
  AND (
    position($4::text IN lower(o.span_name)) > 0
    OR position($4 IN lower(o.service_name)) > 0
    OR position($4 IN lower(s.status_message)) > 0
    OR position($5::text IN lower(s.attributes::text)) > 0
    OR lpad(to_hex(s.span_id), 16, '0') = $4
    OR s.span_id IN (
      SELECT e.span_id
      FROM tracestore.event e
      WHERE e.trace_id = $1::uuid AND e.span_start_time BETWEEN $2::timestamptz AND $3::timestamptz
        AND (position($4 IN lower(e.name)) > 0 OR position($5 IN lower(e.attributes::text)) > 0)
    )
  )
GROUP BY s.span_id
ORDER BY min(s.start_time), s.span_id
