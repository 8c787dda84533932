-- Edges of the service graph: number of calls, average duration and 95th percentile in milliseconds, and error rate of
-- the calls from one service to another. The relative error of percentiles is at most 4.5 %.
\if :{?from} \else \set from 'now-5m' \endif
\if :{?to} \else \set to 'now' \endif
WITH call AS MATERIALIZED (
  SELECT parent_service_name AS source, service_name AS target, calls, errors, duration_ns_sum, duration_bucket, duration_calls
  FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
  WHERE parent_service_name <> service_name
),
total AS (
  SELECT source, target, sum(calls)::float8 AS calls, sum(errors)::float8 AS errors, sum(duration_ns_sum) AS duration_ns
  FROM call
  GROUP BY source, target
  HAVING sum(calls) > 0
),
bucket AS (
  SELECT source, target, bucket, sum(sum(calls)) OVER (PARTITION BY source, target ORDER BY bucket) AS cumulative_calls
  FROM (SELECT source, target, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS calls FROM call) AS unnested
  GROUP BY source, target, bucket
)
SELECT
  source || ' → ' || target AS id,
  source,
  target,
  calls AS "mainStat",
  duration_ns / calls / 1e6 AS "secondaryStat",
  errors / calls AS detail__failed,
  ps_trace.bucket_ms(min(bucket) FILTER (WHERE cumulative_calls >= 0.95 * calls)) AS detail__p95
FROM total
LEFT JOIN bucket USING (source, target)
GROUP BY source, target, calls, errors, duration_ns
ORDER BY source, target;
