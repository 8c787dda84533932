-- Returns all spans of some traces, with the columns that the fields of TraceQL are made of.
-- :trace_ids    the traces, see trace-ids.sql.
-- :start_ns     when the span `s` started, in ns since 1970.
-- :duration     how long it took, in ns.
-- :events       its events, see nested-rows.sql.
-- :links        its links, see nested-rows.sql.
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
  :events AS events,
  :links AS links
FROM tracestore.trace_times(:trace_ids) AS known
CROSS JOIN LATERAL (
  SELECT *
  FROM tracestore.span AS of_trace
  WHERE of_trace.trace_id = known.trace_id AND of_trace.start_time BETWEEN known.start_min AND known.start_max
  -- Trace by trace: the times of one trace exclude most partitions.
  OFFSET 0
) AS s
-- Row by row: a dictionary may have many more rows than the traces have spans.
CROSS JOIN LATERAL (SELECT * FROM tracestore.operation x WHERE x.id = s.operation_id OFFSET 0) AS o
CROSS JOIN LATERAL (SELECT * FROM tracestore.resource x WHERE x.id = s.resource_id OFFSET 0) AS r
LEFT JOIN LATERAL (SELECT * FROM tracestore.scope x WHERE x.id = s.scope_id OFFSET 0) AS c ON true
