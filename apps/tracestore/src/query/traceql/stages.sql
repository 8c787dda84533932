-- The stages of a pipeline. Each is a relation of spans: `n` is the number of the span, `g` its set of spans, `a` what the query
-- says of that set, and `o` the set that a pipeline within parentheses began with. The sides of an operator have `g` and `n` only.
-- :"name"      the name of a relation.
-- :"input"     the relation that the stage reads.
-- :"left"      the sides of an operator.
-- :"right"     see left.
-- :"sides"     both sides of an operator, see the fragment sides.
-- :query       what a relation is.
-- :condition   a condition of a span `s`, or of an aggregate `f`.
-- :value       a value of a span `s`.
-- :columns     the aggregates of a set, each with its name.
-- :aggregate   an aggregate.
-- :added       what the aggregates say of a set `f`.
-- :counted     the spans of pipelines whose aggregates are compared.
-- :related     whether a span of a side is related to one of the other side, see the fragments of relations.
-- :reverse     the same for the other side.
-- :kept        which spans an operator keeps.
-- :'label'     the text of an expression in the query.
-- :'type'      the type of a value.
-- :'function'  the name of an aggregate.
-- :'is_duration'  whether its values are durations.
-- :'quantile'  the share of values, 0 to 1.
-- :'range_start'  leave out traces that end earlier, in ns since 1970.
-- :'range_end'    leave out traces that start later.

-- name: relation
:"name" AS MATERIALIZED (
  :query
)
-- name: initial
SELECT t.trace_n AS o, t.trace_n AS g, s.n, '[]'::jsonb AS a
FROM trace t
JOIN span s ON s.trace_n = t.trace_n
WHERE t.end_ns >= :'range_start'::int8 AND t.start_ns <= :'range_end'::int8
-- name: within
SELECT p.g AS o, p.g, p.n, '[]'::jsonb AS a FROM :"input" p
-- name: filter
SELECT p.o, p.g, p.n, p.a
FROM :"input" p
JOIN span s ON s.n = p.n
WHERE :condition
-- name: chosen
SELECT p.o, p.g, p.n, p.a
FROM :"input" p
JOIN :"right" x ON x.g = p.g AND x.n = p.n
-- name: filter_side
SELECT p.g, p.n
FROM :"input" p
JOIN span s ON s.n = p.n
WHERE :condition
-- name: pipeline_side
SELECT p.o AS g, p.n FROM :"input" p
-- name: by
SELECT
  k.o,
  dense_rank() OVER (ORDER BY k.o, k.g, k.first_n) AS g,
  k.n,
  k.a || jsonb_build_array(jsonb_build_array(:'label'::text, :'type'::text, k.value)) AS a
FROM (
  SELECT p.o, p.g, p.n, p.a, v.value, min(p.n) OVER (PARTITION BY p.o, p.g, (v.value)::text) AS first_n
  FROM :"input" p
  JOIN span s ON s.n = p.n
  CROSS JOIN LATERAL (SELECT nullif(:value, 'null'::jsonb) AS value OFFSET 0) AS v
) AS k
-- name: coalesce
SELECT p.o, p.o AS g, p.n, '[]'::jsonb AS a FROM :"input" p

-- name: sides
SELECT
  coalesce(l.g, r.g) AS g,
  coalesce(l.n, r.n) AS n,
  l.n IS NOT NULL AS is_left,
  r.n IS NOT NULL AS is_right
FROM :"left" l
FULL JOIN :"right" r ON r.g = l.g AND r.n = l.n
-- name: placed_sides
SELECT x.*, s.nested_left, s.nested_right, s.nested_parent, s.nested_left > 0 AS is_placed
FROM (
  SELECT
    coalesce(l.g, r.g) AS g,
    coalesce(l.n, r.n) AS n,
    l.n IS NOT NULL AS is_left,
    r.n IS NOT NULL AS is_right
  FROM :"left" l
  FULL JOIN :"right" r ON r.g = l.g AND r.n = l.n
) AS x
JOIN span s ON s.n = x.n
-- name: either
SELECT x.g, x.n FROM :"sides" x
-- name: both
SELECT x.g, x.n
FROM (
  SELECT y.g, y.n, bool_or(y.is_left) OVER (PARTITION BY y.g) AS has_left, bool_or(y.is_right) OVER (PARTITION BY y.g) AS has_right
  FROM :"sides" y
) AS x
WHERE x.has_left AND x.has_right
-- name: related
SELECT x.g, x.n
FROM (
  SELECT x.g, x.n, x.is_right, coalesce(:related, false) AS is_related, coalesce(:reverse, false) AS is_related_left
  FROM :"sides" x
) AS x
WHERE :kept
-- name: kept
x.is_related
-- name: kept_not
x.is_right AND NOT x.is_related
-- name: kept_both
x.is_related OR x.is_related_left
-- name: never
false

-- name: right_is_child
x.is_right AND x.is_placed
AND (x.g, x.nested_parent) IN (SELECT y.g, y.nested_left FROM :"sides" y WHERE y.is_left AND y.is_placed)
-- name: left_is_child
x.is_left AND x.is_placed
AND (x.g, x.nested_parent) IN (SELECT y.g, y.nested_left FROM :"sides" y WHERE y.is_right AND y.is_placed)
-- name: right_is_parent
x.is_right AND x.is_placed
AND (x.g, x.nested_left) IN (SELECT y.g, y.nested_parent FROM :"sides" y WHERE y.is_left AND y.is_placed)
-- name: left_is_parent
x.is_left AND x.is_placed
AND (x.g, x.nested_left) IN (SELECT y.g, y.nested_parent FROM :"sides" y WHERE y.is_right AND y.is_placed)
-- name: right_is_descendant
-- Spans contain each other or have nothing in common: one that begins earlier and ends later is an ancestor.
x.is_right AND x.is_placed AND x.nested_right < max(x.nested_right) FILTER (WHERE x.is_left AND x.is_placed)
  OVER (PARTITION BY x.g ORDER BY x.nested_left, x.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
-- name: left_is_descendant
x.is_left AND x.is_placed AND x.nested_right < max(x.nested_right) FILTER (WHERE x.is_right AND x.is_placed)
  OVER (PARTITION BY x.g ORDER BY x.nested_left, x.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
-- name: right_is_ancestor
x.is_right AND x.is_placed AND x.nested_right > min(x.nested_left) FILTER (WHERE x.is_left AND x.is_placed)
  OVER (PARTITION BY x.g ORDER BY x.nested_left DESC, x.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
-- name: left_is_ancestor
x.is_left AND x.is_placed AND x.nested_right > min(x.nested_left) FILTER (WHERE x.is_right AND x.is_placed)
  OVER (PARTITION BY x.g ORDER BY x.nested_left DESC, x.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
-- name: right_is_sibling
x.is_right AND x.is_placed AND count(*) FILTER (WHERE x.is_left AND x.is_placed)
  OVER (PARTITION BY x.g, x.nested_parent) > CASE WHEN x.is_left THEN 1 ELSE 0 END
-- name: left_is_sibling
x.is_left AND x.is_placed AND count(*) FILTER (WHERE x.is_right AND x.is_placed)
  OVER (PARTITION BY x.g, x.nested_parent) > CASE WHEN x.is_right THEN 1 ELSE 0 END

-- name: aggregates
SELECT p.g, count(*) AS spans, :columns
FROM :"input" p
JOIN span s ON s.n = p.n
GROUP BY p.g
-- name: named
:aggregate AS :"name"
-- name: count
to_jsonb(count(*))
-- name: aggregate
ps_trace.traceql_aggregate(
  :'function'::text, array_agg(:value ORDER BY p.n), :'is_duration'::boolean, :'quantile'::float8
)
-- name: column
f.:"name"
-- name: as_numeric
(:value)::numeric
-- name: pipeline_aggregate
(SELECT y.:"name" FROM :"input" y WHERE y.g = f.g)
-- name: pipeline_count
coalesce((SELECT y.:"name" FROM :"input" y WHERE y.g = f.g), '0'::jsonb)
-- name: scalar_filter
SELECT p.o, p.g, p.n, p.a || f.added AS a
FROM :"input" p
JOIN (
  SELECT f.g, :added AS added
  FROM :"right" f
  WHERE :condition
) AS f ON f.g = p.g
-- name: counted_filter
SELECT p.o, p.g, p.n, p.a
FROM :"input" p
WHERE p.n IN (:counted) OR p.g NOT IN (SELECT c.g FROM :"input" c WHERE c.n IN (:counted))
-- name: counted
SELECT c.n FROM :"input" c
-- name: union
:query
UNION ALL
:counted
-- name: no_labels
'[]'::jsonb
-- name: labels
to_jsonb(ARRAY[:columns]::jsonb[])
-- name: label
jsonb_build_array(:'label'::text, :'type'::text, :value)
-- name: has_several
EXISTS (SELECT FROM :"input" p GROUP BY p.o HAVING min(p.g) <> max(p.g))
