-- Returns all spans of some traces, ordered by start time, with the names of their events.
-- $1: trace ids
SELECT
  s.trace_id_hex AS "traceId",
  s.span_id_hex AS "spanId",
  s.parent_span_id_hex AS "parentSpanId",
  s.service_name AS service,
  s.span_name AS name,
  s.span_kind::text AS kind,
  s.status_code::text AS status,
  s.span_tags AS tags,
  coalesce(
    (
      SELECT array_agg(e.event_name ORDER BY e.event_nbr)
      FROM ps_trace.event e
      WHERE e.trace_id = s.trace_id AND e.span_id = s.span_id
    ),
    '{}'
  ) AS events
FROM ps_trace.span s
WHERE s.trace_id = ANY ($1::uuid[])
ORDER BY s.start_time_unix_nano
