-- Number of requests per duration bucket. One row per non-empty bucket, with its bounds in milliseconds; there are
-- eight buckets per power of two.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
SELECT
  CASE class WHEN 0 THEN 0 ELSE power(2, (class - 1) / 8.0::float8) / 1e6 END AS "xMin",
  power(2, class / 8.0::float8) / 1e6 AS "xMax",
  sum(calls)::float8 AS requests
FROM (
  SELECT unnest(duration_class) AS class, unnest(duration_calls) AS calls
  FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
  WHERE is_root
) AS entry
GROUP BY class
HAVING sum(calls) > 0
ORDER BY class;
