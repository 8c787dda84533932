-- Returns the calls of a service from outside itself over time, in steps: calls, errors, and percentiles of their durations in
-- milliseconds (buckets: at most 4.5 % off). Reads the aggregates. Steps without calls have no row. `step_ms` is the width
-- of a step, `time_unix_nano` its start, `seconds` how much of it is in the range and aggregated; see ps_trace.counted_step.
-- :'service'    the service.
-- :'start_min'  the start of the range.
-- :'start_max'  the end of the range.
WITH aggregate AS MATERIALIZED (
  SELECT time_bucket, calls, errors, duration_bucket, duration_calls
  FROM ps_trace.service_call(
    :'start_min'::timestamptz, :'start_max'::timestamptz,
    ps_trace.step_of('auto', :'start_min'::timestamptz, :'start_max'::timestamptz)
  )
  WHERE service_name = :'service' AND parent_service_name IS DISTINCT FROM :'service'
),
total AS (
  SELECT time_bucket, sum(calls)::float8 AS calls, sum(errors)::float8 AS errors
  FROM aggregate
  GROUP BY time_bucket
  HAVING sum(calls) > 0
),
entry AS (
  SELECT unnested.time_bucket, unnested.bucket, sum(unnested.calls)::float8 AS calls
  FROM (SELECT time_bucket, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS calls FROM aggregate) AS unnested
  GROUP BY unnested.time_bucket, unnested.bucket
  HAVING sum(unnested.calls) > 0
),
ranked AS (
  SELECT
    time_bucket,
    bucket,
    sum(calls) OVER (PARTITION BY time_bucket ORDER BY bucket) AS cumulative_calls,
    sum(calls) OVER (PARTITION BY time_bucket) AS all_calls
  FROM entry
),
percentile AS (
  SELECT
    time_bucket,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.50 * all_calls)) AS p50_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.95 * all_calls)) AS p95_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.99 * all_calls)) AS p99_ms
  FROM ranked
  GROUP BY time_bucket
)
SELECT
  (extract(epoch FROM t.time_bucket) * 1000000000)::int8::text AS time_unix_nano,
  s.seconds, t.calls, t.errors, p.p50_ms, p.p95_ms, p.p99_ms,
  (extract(epoch FROM ps_trace.step_of('auto', :'start_min'::timestamptz, :'start_max'::timestamptz)) * 1000)::float8 AS step_ms
FROM total t
JOIN percentile p USING (time_bucket)
JOIN ps_trace.counted_step(
  :'start_min'::timestamptz, :'start_max'::timestamptz,
  ps_trace.step_of('auto', :'start_min'::timestamptz, :'start_max'::timestamptz)
) AS s USING (time_bucket)
ORDER BY t.time_bucket
