-- Returns the spans that start in a range of time, with the columns that the fields of TraceQL are made of, but for those that need
-- the whole trace.
-- :'start_min'  the first start, to the microsecond.
-- :'start_max'  the last start, to the microsecond.
-- :start_ns     when the span `s` started, in ns since 1970.
-- :duration     how long it took, in ns.
-- :events       its events, see nested-rows.sql.
-- :links        its links, see nested-rows.sql.
-- :may_match    the ids of dictionaries that a span can have.
SELECT
  s.trace_id,
  s.span_id,
  s.parent_span_id::int8 AS parent_span_id,
  s.instance,
  :start_ns AS start_ns,
  :duration AS duration_ns,
  o.service_name,
  o.span_name AS name,
  CASE WHEN o.span_kind BETWEEN 1 AND 5 THEN o.span_kind ELSE 0 END AS kind,
  CASE WHEN s.status_code BETWEEN 1 AND 2 THEN s.status_code ELSE 0 END AS status,
  coalesce(s.status_message, '') AS status_message,
  s.attributes,
  r.attributes AS resource,
  coalesce(c.name, '') AS scope_name,
  coalesce(c.version, '') AS scope_version,
  c.attributes AS scope,
  -- A server that shares its id with a client, as Zipkin writes them, is the client's child.
  s.parent_span_id IS NULL AND CASE WHEN o.span_kind = 2 THEN NOT EXISTS (
    SELECT
    FROM tracestore.span client
    JOIN tracestore.operation called ON called.id = client.operation_id
    WHERE client.trace_id = s.trace_id AND client.span_id = s.span_id AND called.span_kind = 3
  ) ELSE true END AS is_root,
  :events AS events,
  :links AS links
FROM tracestore.span s
JOIN tracestore.operation o ON o.id = s.operation_id
JOIN tracestore.resource r ON r.id = s.resource_id
LEFT JOIN tracestore.scope c ON c.id = s.scope_id
WHERE s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
  AND :may_match
