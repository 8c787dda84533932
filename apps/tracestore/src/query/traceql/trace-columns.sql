-- What a query of whole traces computes where it needs it.

-- name: numbers
SELECT of_trace.trace_n + place.place - 1 AS n, place.nested_left, place.nested_right, place.nested_parent, place.children
FROM (
  SELECT
    min(linked.n) AS trace_n,
    array_agg(
      CASE WHEN linked.is_root THEN 0 ELSE (linked.parent_n - trace.trace_n + 1)::int4 END ORDER BY linked.n
    ) AS parents
  FROM linked
  JOIN trace ON trace.trace_id = linked.trace_id
  GROUP BY linked.trace_id
  HAVING bool_and(linked.is_alone)
) AS of_trace
CROSS JOIN LATERAL ps_trace.traceql_nested_set(of_trace.parents) AS place
-- name: no_numbers
SELECT NULL::int8 AS n, 0 AS nested_left, 0 AS nested_right, 0 AS nested_parent, 0 AS children WHERE false
-- name: parent
SELECT n, attributes, resource FROM raw
-- name: no_parent
SELECT NULL::int8 AS n, NULL::jsonb AS attributes, NULL::jsonb AS resource WHERE false
