-- How long did requests take, minute by minute (or in wider steps over a longer time): the median, the 90th, 95th and 99th
-- percentile, in milliseconds? They are at most 4.5 % off.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
WITH entry AS (
  SELECT time_bucket, class, sum(calls)::int8 AS calls
  FROM (
    SELECT time_bucket, unnest(duration_class) AS class, unnest(duration_calls) AS calls
    FROM ps_trace.service_call(
      ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
      greatest(interval '1 minute', ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))
    )
    WHERE is_root
  ) AS unnested
  GROUP BY time_bucket, class
  HAVING sum(calls) > 0
),
ranked AS (
  SELECT
    *,
    sum(calls) OVER (PARTITION BY time_bucket ORDER BY class) AS so_far,
    sum(calls) OVER (PARTITION BY time_bucket) AS of_calls
  FROM entry
)
SELECT
  time_bucket AS time,
  ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.99 * of_calls)) AS p99,
  ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.95 * of_calls)) AS p95,
  ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.90 * of_calls)) AS p90,
  ps_trace.class_ms(min(class) FILTER (WHERE so_far >= 0.50 * of_calls)) AS p50
FROM ranked
GROUP BY time_bucket
ORDER BY time_bucket;
