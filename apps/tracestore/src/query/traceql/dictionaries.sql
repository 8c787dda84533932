-- Which rows of a dictionary can belong to a span that matches: columns of look-up.sql. A row is read as the span `s` of fields.sql.
-- :condition   the condition of the span.
-- :'limit'     how many ids to read.
-- :"column"    the name of the column.

-- name: operation
-- The service of a span that has none is unknown_service here, and empty in TraceQL.
ARRAY(
  SELECT s.id
  FROM (
    SELECT
      o.id,
      o.service_name,
      o.span_name AS name,
      CASE WHEN o.span_kind BETWEEN 1 AND 5 THEN o.span_kind ELSE 0 END AS kind,
      jsonb_build_object('service.name', o.service_name) AS resource
    FROM tracestore.operation o
  ) AS s
  WHERE :condition OR s.service_name = 'unknown_service'
  LIMIT :'limit'::int8
) AS :"column"
-- name: resource
ARRAY(
  SELECT s.id
  FROM (SELECT r.id, r.attributes AS resource FROM tracestore.resource r) AS s
  WHERE :condition
  LIMIT :'limit'::int8
) AS :"column"
-- name: scope
ARRAY(
  SELECT s.id
  FROM (
    SELECT c.id, coalesce(c.name, '') AS scope_name, coalesce(c.version, '') AS scope_version, c.attributes AS scope
    FROM tracestore.scope c
  ) AS s
  WHERE :condition
  LIMIT :'limit'::int8
) AS :"column"
-- name: longest_ns
(SELECT max(duration_ns_max) FROM tracestore.span_block) AS longest_ns
