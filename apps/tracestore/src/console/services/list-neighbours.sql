-- Returns the services that call a service and those that it calls in a range: calls, errors, and percentiles of their
-- durations in milliseconds (buckets: at most 4.5 % off), the most frequent first. Reads the aggregates. A caller without a
-- name stands for requests from outside, and for calls whose parent is not stored.
-- :'service'    the service.
-- :'start_min'  the start of the range.
-- :'start_max'  the end of the range.
-- :'limit'      how many callers and how many called services to return.
WITH aggregate AS MATERIALIZED (
  SELECT
    service_name = :'service' AS is_caller,
    CASE WHEN service_name = :'service' THEN parent_service_name ELSE service_name END AS neighbour,
    calls, errors, duration_bucket, duration_calls
  FROM ps_trace.service_call(:'start_min'::timestamptz, :'start_max'::timestamptz, NULL)
  -- Without calls within the service.
  WHERE (service_name = :'service') <> (parent_service_name IS NOT DISTINCT FROM :'service')
),
total AS (
  SELECT
    is_caller, neighbour, sum(calls)::float8 AS calls, sum(errors)::float8 AS errors,
    row_number() OVER (PARTITION BY is_caller ORDER BY sum(calls) DESC, neighbour) AS place
  FROM aggregate
  GROUP BY is_caller, neighbour
  HAVING sum(calls) > 0
),
entry AS (
  SELECT unnested.is_caller, unnested.neighbour, unnested.bucket, sum(unnested.calls)::float8 AS calls
  FROM (
    SELECT is_caller, neighbour, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS calls FROM aggregate
  ) AS unnested
  GROUP BY unnested.is_caller, unnested.neighbour, unnested.bucket
  HAVING sum(unnested.calls) > 0
),
ranked AS (
  SELECT
    is_caller,
    neighbour,
    bucket,
    sum(calls) OVER (PARTITION BY is_caller, neighbour ORDER BY bucket) AS cumulative_calls,
    sum(calls) OVER (PARTITION BY is_caller, neighbour) AS all_calls
  FROM entry
),
percentile AS (
  SELECT
    is_caller,
    neighbour,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.50 * all_calls)) AS p50_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.95 * all_calls)) AS p95_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.99 * all_calls)) AS p99_ms
  FROM ranked
  GROUP BY is_caller, neighbour
)
SELECT t.is_caller, t.neighbour, t.calls, t.errors, p.p50_ms, p.p95_ms, p.p99_ms
FROM total t
JOIN percentile p ON p.is_caller = t.is_caller AND p.neighbour IS NOT DISTINCT FROM t.neighbour
WHERE t.place <= :'limit'
ORDER BY t.is_caller, t.place
