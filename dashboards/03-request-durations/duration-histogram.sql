-- Number of requests per duration bucket. One row per bucket from the shortest to the longest request, with its bounds
-- in milliseconds, and its upper bound as text; there are eight buckets per power of two.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
WITH counted AS (
  SELECT bucket, sum(calls) AS requests
  FROM (
    SELECT unnest(duration_bucket)::int4 AS bucket, unnest(duration_calls) AS calls
    FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
    WHERE is_root
  ) AS entry
  GROUP BY bucket
  HAVING sum(calls) > 0
),
bucket AS (
  SELECT bucket, power(2, bucket / 8.0::float8) / 1e6 AS upper_ms, coalesce(requests, 0)::float8 AS requests
  FROM generate_series((SELECT min(bucket) FROM counted), (SELECT max(bucket) FROM counted)) AS bucket
  LEFT JOIN counted USING (bucket)
),
written AS (
  SELECT
    *,
    CASE WHEN upper_ms < 1 THEN 1e3 WHEN upper_ms < 1e3 THEN 1 ELSE 1e-3 END AS factor,
    CASE WHEN upper_ms < 1 THEN ' µs' WHEN upper_ms < 1e3 THEN ' ms' ELSE ' s' END AS unit
  FROM bucket
)
SELECT
  CASE bucket WHEN 0 THEN 0 ELSE power(2, (bucket - 1) / 8.0::float8) / 1e6 END AS "xMin",
  upper_ms AS "xMax",
  requests,
  trim_scale(round((upper_ms * factor)::numeric, 2 - floor(log(upper_ms * factor))::int4)) || unit AS bucket
FROM written
ORDER BY upper_ms;
