-- Median, 90th, 95th and 99th percentile of request durations in milliseconds, per minute or in wider steps over a long
-- range. A step is left out while fewer than 30 seconds of it are aggregated. The relative error is at most 4.5 %.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
WITH entry AS (
  SELECT time_bucket, bucket, sum(calls)::int8 AS calls
  FROM (
    SELECT time_bucket, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS calls
    FROM ps_trace.service_call(
      ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
      greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
    )
    JOIN ps_trace.counted_step(
      ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
      greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
    ) AS step USING (time_bucket)
    WHERE is_root
  ) AS unnested
  GROUP BY time_bucket, bucket
  HAVING sum(calls) > 0
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY time_bucket ORDER BY bucket) AS cumulative_calls,
    sum(calls) OVER (PARTITION BY time_bucket) AS all_calls
  FROM entry
)
SELECT
  time_bucket AS time,
  ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.99 * all_calls)) AS p99,
  ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.95 * all_calls)) AS p95,
  ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.90 * all_calls)) AS p90,
  ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.50 * all_calls)) AS p50
FROM ranked
GROUP BY time_bucket
ORDER BY time_bucket;
