-- Series of spans: what a metrics query counts and measures in each interval of its grid. Intervals are numbered from 0.
-- :spans       the spans `s` that count, see the fragments of spans.
-- :source      spans with the columns of spans-of-range.sql.
-- :traces      see whole-traces.sql.
-- :relations   the stages of a pipeline, see stages.sql.
-- :"found"     the last stage.
-- :condition   a condition of a span `s`.
-- :labels      the values of the labels.
-- :value       what is measured of a span.
-- :bucket      the number of the bucket of a span.
-- :columns     values, as jsonb.
-- :'start_ns'  where the grid begins, in ns since 1970. A span that starts there is not on it.
-- :'end_ns'    where it ends.
-- :'step_ns'   how long an interval is.
-- :'quantiles' the shares of values, 0 to 1.
-- :'limit'     how many rows to return.
-- :'top'       how many values of each field to return.

-- name: in_range
SELECT s.*, (s.start_ns - :'start_ns'::int8 - 1) / :'step_ns'::int8 AS i
FROM (:source) AS s
WHERE s.start_ns > :'start_ns'::int8 AND s.start_ns <= :'end_ns'::int8
  AND :condition
-- name: of_traces
SELECT s.*, (s.start_ns - :'start_ns'::int8 - 1) / :'step_ns'::int8 AS i
FROM :"found" p
JOIN span s ON s.n = p.n
WHERE s.start_ns > :'start_ns'::int8 AND s.start_ns <= :'end_ns'::int8
-- name: with_traces
WITH
:traces,
:relations
:spans
-- name: no_labels
'[]'::text
-- name: labels
(to_jsonb(ARRAY[:columns]::jsonb[]))::text

-- name: counts
SELECT s.i, :labels AS labels, count(*)::float8 AS value
FROM (:spans) AS s
GROUP BY 1, 2
LIMIT :'limit'::int8
-- name: figures
SELECT
  x.i,
  x.labels,
  min(x.value) AS min_value,
  max(x.value) AS max_value,
  -- Bounded, because a sum of float8 can fail.
  sum(CASE WHEN x.value IS NOT NULL THEN greatest(least(x.value, 1e290), -1e290) END) AS sum_value,
  count(x.value)::float8 AS count_value
FROM (SELECT s.i, :labels AS labels, :value AS value FROM (:spans) AS s) AS x
GROUP BY 1, 2
LIMIT :'limit'::int8
-- name: buckets
SELECT x.i, x.labels, x.bucket, count(*)::float8 AS value
FROM (SELECT s.i, :labels AS labels, :bucket AS bucket FROM (:spans) AS s) AS x
GROUP BY 1, 2, 3
LIMIT :'limit'::int8
-- name: quantiles
SELECT
  x.i,
  x.labels,
  percentile_cont(:'quantiles'::float8[]) WITHIN GROUP (ORDER BY x.value) AS quantiles
FROM (SELECT s.i, :labels AS labels, :value AS value FROM (:spans) AS s) AS x
GROUP BY 1, 2
LIMIT :'limit'::int8
-- name: exemplars
SELECT x.i, x.labels, x.trace_id, x.start_ns, x.value
FROM (
  SELECT
    y.*,
    row_number() OVER (PARTITION BY y.i ORDER BY y.trace_id) AS of_interval
  FROM (
    SELECT
      s.i,
      s.trace_id,
      s.start_ns,
      :labels AS labels,
      :value AS value,
      row_number() OVER (PARTITION BY s.trace_id ORDER BY s.start_ns) AS of_trace
    FROM (:spans) AS s
  ) AS y
  WHERE y.of_trace = 1
) AS x
ORDER BY x.of_interval, x.i
LIMIT :'limit'::int8
-- name: compared
WITH spans AS MATERIALIZED (
  SELECT s.*, :condition AS is_selected FROM (:spans) AS s
),
counted AS MATERIALIZED (
  SELECT f.is_selected, f.i, f.name, f.value, sum(f.spans) AS spans
  FROM (
    SELECT s.is_selected, s.i, 'span.' || a.key AS name, (:value)::text AS value, count(*) AS spans
    FROM spans s
    CROSS JOIN LATERAL jsonb_each(s.attributes) AS a
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT g.is_selected, g.i, 'resource.' || a.key, (:value)::text, g.spans
    FROM (SELECT s.is_selected, s.i, (s.resource)::text AS resource, count(*) AS spans FROM spans s GROUP BY 1, 2, 3) AS g
    CROSS JOIN LATERAL jsonb_each((g.resource)::jsonb) AS a
    UNION ALL
    SELECT g.is_selected, g.i, 'instrumentation.' || a.key, (:value)::text, g.spans
    FROM (SELECT s.is_selected, s.i, (s.scope)::text AS scope, count(*) AS spans FROM spans s GROUP BY 1, 2, 3) AS g
    CROSS JOIN LATERAL jsonb_each((g.scope)::jsonb) AS a
    UNION ALL
    SELECT g.is_selected, g.i, a.key, (a.value)::text, g.spans
    FROM (
      SELECT
        s.is_selected, s.i, s.name, s.status, s.status_message, s.kind, s.root_name, s.root_service_name, s.scope_name,
        s.scope_version, s.children, count(*) AS spans
      FROM spans s
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ) AS g
    CROSS JOIN LATERAL (
      VALUES
        ('name', to_jsonb(g.name)),
        ('status', to_jsonb((ARRAY['unset', 'ok', 'error'])[1 + g.status])),
        ('statusMessage', to_jsonb(g.status_message)),
        ('kind', to_jsonb((ARRAY['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])[1 + g.kind])),
        ('rootName', to_jsonb(g.root_name)),
        ('rootServiceName', to_jsonb(g.root_service_name)),
        ('instrumentation:name', to_jsonb(g.scope_name)),
        ('instrumentation:version', to_jsonb(g.scope_version)),
        ('span:childCount', to_jsonb(g.children))
    ) AS a (key, value)
  ) AS f
  GROUP BY 1, 2, 3, 4
),
ranked AS (
  SELECT
    t.is_selected,
    t.name,
    t.value,
    row_number() OVER (
      PARTITION BY t.is_selected, t.name
      -- The most spans first, then by type and text. 1 and 1.0 are equal as jsonb, so values are texts here.
      ORDER BY t.spans DESC, coalesce(ps_trace.traceql_type(t.value::jsonb), 'nil') COLLATE "C", ((t.value)::jsonb #>> '{}') COLLATE "C"
    ) AS nr
  FROM (SELECT is_selected, name, value, sum(spans) AS spans FROM counted GROUP BY 1, 2, 3) AS t
)
SELECT c.is_selected, c.name, false AS is_total, c.value, c.i, c.spans::float8 AS spans
FROM counted c
JOIN ranked r
  ON r.is_selected = c.is_selected AND r.name = c.name AND coalesce(r.value, '') = coalesce(c.value, '')
WHERE r.nr <= :'top'::int8
UNION ALL
SELECT is_selected, name, true, NULL, i, sum(spans)::float8
FROM counted
GROUP BY 1, 2, 5
LIMIT :'limit'::int8

-- name: compared_value
CASE
  WHEN jsonb_typeof(a.value) IN ('string', 'number', 'boolean') THEN a.value
  WHEN jsonb_typeof(ps_trace.traceql_value(a.value)) <> 'array' THEN ps_trace.traceql_value(a.value)
END
-- name: number
ps_trace.traceql_number(:value)
-- name: native_number
(:value)::float8
-- name: bucket
-- The least power of two that is not less than a value: the number of thresholds up to the value. 0 and 1 have no bucket.
width_bucket(
  :value,
  '{2,3,5,9,17,33,65,129,257,513,1025,2049,4097,8193,16385,32769,65537,131073,262145,524289,1048577,2097153,4194305,8388609,16777217,33554433,67108865,134217729,268435457,536870913,1073741825,2147483649,4294967297,8589934593,17179869185,34359738369,68719476737,137438953473,274877906945,549755813889,1099511627777,2199023255553,4398046511105,8796093022209,17592186044417,35184372088833,70368744177665,140737488355329,281474976710657,562949953421313,1125899906842625,2251799813685249,4503599627370497,9007199254740993,18014398509481985,36028797018963969,72057594037927937,144115188075855873,288230376151711745,576460752303423489,1152921504606846977,2305843009213693953,4611686018427387905}'::int8[]
)
-- name: int_value
(:value)::numeric::int8
-- name: dynamic_int
CASE ps_trace.traceql_type(:value) WHEN 'int' THEN (:value)::numeric::int8 END
-- name: no_number
NULL::float8
-- name: no_bucket
NULL::int4
-- name: in_window
s.start_ns BETWEEN :'start_ns'::numeric AND :'end_ns'::numeric
