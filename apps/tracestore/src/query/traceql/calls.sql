-- Series from the aggregates of calls, in the form of series.sql.
-- :source      the calls, as spans `s` of fields.sql.
-- :condition   a condition of a span `s`.
-- :labels      the values of the labels, see series.sql.
-- :value       how many spans a row counts.
-- :'start_min' the start of the grid.
-- :'start_max' its end.
-- :'step'      how long an interval is.
-- :'start_ns'  the start of the grid, in ns since 1970.
-- :'step_ns'   how long an interval is, in ns.
-- :'ids'       operations.
-- :'times'     times.

-- name: by_service
SELECT
  c.time_bucket, jsonb_build_object('service.name', c.service_name) AS resource, c.is_root, c.calls, c.errors, c.duration_ns_sum,
  c.duration_bucket, c.duration_calls
FROM ps_trace.service_call(:'start_min'::timestamptz, :'start_max'::timestamptz, :'step'::interval) AS c
-- name: by_operation
SELECT
  c.time_bucket,
  jsonb_build_object('service.name', c.service_name) AS resource,
  c.span_name AS name,
  coalesce(array_position(ARRAY['internal', 'server', 'client', 'producer', 'consumer'], c.span_kind::text), 0) AS kind,
  c.is_root, c.calls, c.errors, c.duration_ns_sum, c.duration_bucket, c.duration_calls
FROM ps_trace.operation_call(:'start_min'::timestamptz, :'start_max'::timestamptz, :'step'::interval) AS c
-- name: calls
s.calls
-- name: errors
s.errors
-- name: others
s.calls - s.errors

-- name: counts
SELECT
  ((extract(epoch FROM s.time_bucket) * 1000000)::int8 * 1000 - :'start_ns'::int8) / :'step_ns'::int8 AS i,
  :labels AS labels,
  sum(:value)::float8 AS value
FROM (:source) AS s
WHERE :condition
GROUP BY 1, 2
HAVING sum(:value) <> 0
-- name: figures
SELECT
  ((extract(epoch FROM s.time_bucket) * 1000000)::int8 * 1000 - :'start_ns'::int8) / :'step_ns'::int8 AS i,
  :labels AS labels,
  NULL::float8 AS min_value,
  NULL::float8 AS max_value,
  sum(s.duration_ns_sum) AS sum_value,
  sum(s.calls)::float8 AS count_value
FROM (:source) AS s
WHERE :condition
GROUP BY 1, 2
HAVING sum(s.calls) <> 0
-- name: buckets
-- The buckets of aggregates are eight to one of TraceQL.
SELECT
  ((extract(epoch FROM s.time_bucket) * 1000000)::int8 * 1000 - :'start_ns'::int8) / :'step_ns'::int8 AS i,
  :labels AS labels,
  (b.bucket + 7) / 8 AS bucket,
  sum(b.calls)::float8 AS value
FROM (:source) AS s
CROSS JOIN LATERAL unnest(s.duration_bucket, s.duration_calls) AS b (bucket, calls)
WHERE :condition
GROUP BY 1, 2, 3
HAVING sum(b.calls) <> 0

-- name: at_times
s.operation_id = ANY (:'ids'::int8[]) AND s.start_time = ANY (:'times'::timestamptz[]) AND s.start_nanos = 0
