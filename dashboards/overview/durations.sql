-- 95th percentile in milliseconds of the durations of calls that each service receives from outside itself, over time.
-- A step is left out while fewer than 30 seconds of it are aggregated. The relative error is at most 4.5 %.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'sparse' \endif
WITH entry AS (
  SELECT time_bucket, service_name, bucket, sum(calls)::int8 AS calls
  FROM (
    SELECT time_bucket, service_name, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS calls
    FROM ps_trace.service_call(
      ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
      ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
    )
    JOIN ps_trace.counted_step(
      ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
      ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
    ) AS step USING (time_bucket)
    WHERE parent_service_name IS DISTINCT FROM service_name
  ) AS unnested
  GROUP BY time_bucket, service_name, bucket
  HAVING sum(calls) > 0
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY time_bucket, service_name ORDER BY bucket) AS cumulative_calls,
    sum(calls) OVER (PARTITION BY time_bucket, service_name) AS all_calls
  FROM entry
)
SELECT
  time_bucket AS time,
  service_name AS series,
  ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.95 * all_calls)) AS p95_ms
FROM ranked
GROUP BY time_bucket, service_name
ORDER BY time, series;
