-- 95th percentile of request durations in milliseconds. The relative error is at most 4.5 %; NULL without requests.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
SELECT ps_trace.bucket_percentile(0.95, array_agg(bucket), array_agg(calls)) AS p95_ms
FROM (
  SELECT bucket, sum(calls)::int8 AS calls
  FROM (
    SELECT unnest(duration_bucket) AS bucket, unnest(duration_calls) AS calls
    FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
    WHERE is_root
  ) AS unnested
  GROUP BY bucket
) AS bucket;
