-- How fast each of the 50 services with the most calls uses its error budget of 30 days, as a multiple of what alerts:
-- above 1, 10 % of it were used within a day, or within 3 days. Calls come from outside the service. Services with
-- fewer calls than `least` in the long window are left out.
\if :{?objective} \else \set objective '0.99' \endif
\if :{?least} \else \set least '100' \endif
WITH call AS (
  SELECT 'long' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - interval '1 day', now(), NULL)
  UNION ALL
  SELECT 'short' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - interval '2 hours', now(), NULL)
  UNION ALL
  SELECT 'longer' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - interval '3 days', now(), NULL)
  UNION ALL
  SELECT 'shorter' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - interval '6 hours', now(), NULL)
),
share AS (
  SELECT name, service_name, sum(calls) AS calls, sum(errors)::float8 / sum(calls) AS errors
  FROM call
  WHERE parent_service_name IS DISTINCT FROM service_name
  GROUP BY name, service_name
  HAVING sum(calls) > 0
),
burn AS (
  SELECT
    service_name,
    max(calls) AS calls,
    coalesce(max(errors) FILTER (WHERE name = 'long'), 0) AS long,
    coalesce(max(errors) FILTER (WHERE name = 'short'), 0) AS short,
    coalesce(max(errors) FILTER (WHERE name = 'longer'), 0) AS longer,
    coalesce(max(errors) FILTER (WHERE name = 'shorter'), 0) AS shorter
  FROM share
  GROUP BY service_name
  HAVING max(calls) >= (:'least')::int8
)
SELECT
  service_name,
  greatest(least(long, short) / 3, least(longer, shorter)) / (1 - (:'objective')::float8) AS budget_burn
FROM burn
ORDER BY calls DESC, service_name
LIMIT 50;
