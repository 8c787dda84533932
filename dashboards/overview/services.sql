-- Golden signals per service: calls per second of the aggregated part of the range from outside the service, their
-- error rate, and the median, 95th and 99th percentile of their durations in milliseconds. The relative error of
-- percentiles is at most 4.5 %.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
WITH entry AS (
  SELECT service_name, bucket, sum(calls)::int8 AS calls
  FROM (
    -- Errors are added as bucket -1, so that the aggregates are read only once.
    SELECT service_name, unnest(duration_bucket || -1::int2) AS bucket, unnest(duration_calls || errors::int4) AS calls
    FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
    WHERE parent_service_name IS DISTINCT FROM service_name
  ) AS unnested
  GROUP BY service_name, bucket
  HAVING sum(calls) > 0
),
total AS (
  SELECT
    service_name,
    (sum(calls) FILTER (WHERE bucket >= 0))::float8 AS calls,
    coalesce(sum(calls) FILTER (WHERE bucket = -1), 0)::float8 AS errors
  FROM entry
  GROUP BY service_name
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY service_name ORDER BY bucket) AS cumulative_calls,
    sum(calls) OVER (PARTITION BY service_name) AS all_calls
  FROM entry
  WHERE bucket >= 0
),
percentile AS (
  SELECT
    service_name,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.50 * all_calls)) AS p50_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.95 * all_calls)) AS p95_ms,
    ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.99 * all_calls)) AS p99_ms
  FROM ranked
  GROUP BY service_name
)
SELECT
  service_name,
  calls / (SELECT seconds FROM ps_trace.counted_step(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)) AS calls_per_second,
  errors / calls AS error_rate,
  p50_ms, p95_ms, p99_ms
FROM total
JOIN percentile USING (service_name)
ORDER BY calls DESC, service_name;
