-- How fast each of the 50 services with the most calls uses its budget of slow calls of 30 days, as a multiple of what
-- alerts: above 1, 2 % of it were used within 1 hour. A call is slow from `slow` milliseconds. Calls come from outside the
-- service. Services with fewer calls than `least` within 1 hour are left out.
\if :{?objective} \else \set objective '0.95' \endif
\if :{?slow} \else \set slow '1000' \endif
\if :{?least} \else \set least '100' \endif
WITH call AS (
  SELECT 'long' AS name, service_name, parent_service_name, duration_bucket, duration_calls
  FROM ps_trace.service_call(now() - interval '1 hour', now(), NULL)
  UNION ALL
  SELECT 'short' AS name, service_name, parent_service_name, duration_bucket, duration_calls
  FROM ps_trace.service_call(now() - interval '5 minutes', now(), NULL)
),
bucket AS (
  SELECT
    name,
    service_name,
    b.calls,
    ps_trace.bucket_ms(b.bucket) >= (:'slow')::float8 AS is_slow
  FROM call
  CROSS JOIN LATERAL unnest(duration_bucket, duration_calls) AS b (bucket, calls)
  WHERE parent_service_name IS DISTINCT FROM service_name
),
share AS (
  SELECT
    name,
    service_name,
    sum(calls) AS calls,
    coalesce(sum(calls) FILTER (WHERE is_slow), 0)::float8 / sum(calls) AS slow
  FROM bucket
  GROUP BY name, service_name
  HAVING sum(calls) > 0
)
SELECT
  service_name,
  least(
    coalesce(max(slow) FILTER (WHERE name = 'long'), 0),
    coalesce(max(slow) FILTER (WHERE name = 'short'), 0)
  ) / 14.4 / (1 - (:'objective')::float8) AS budget_burn
FROM share
GROUP BY service_name
HAVING max(calls) >= (:'least')::int8
ORDER BY max(calls) DESC, service_name
LIMIT 50;
