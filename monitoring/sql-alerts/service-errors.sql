-- How fast each of the 50 services with the most calls uses its error budget of 30 days, as a multiple of what alerts:
-- above 1, the budget burns at `burn` times its rate in the windows `short` and `long`, or at `slowburn` times in `shorter`
-- and `longer`. The defaults alert when 2 % of it were used within an hour, or 5 % within 6 hours. Calls come from outside
-- the service. Services with fewer calls than `least` in every window are left out.
\if :{?objective} \else \set objective '0.99' \endif
\if :{?least} \else \set least '100' \endif
\if :{?short} \else \set short '5 minutes' \endif
\if :{?long} \else \set long '1 hour' \endif
\if :{?burn} \else \set burn '14.4' \endif
\if :{?shorter} \else \set shorter '30 minutes' \endif
\if :{?longer} \else \set longer '6 hours' \endif
\if :{?slowburn} \else \set slowburn '6' \endif
WITH call AS (
  SELECT 'short' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - (:'short')::interval, now(), NULL)
  UNION ALL
  SELECT 'long' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - (:'long')::interval, now(), NULL)
  UNION ALL
  SELECT 'shorter' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - (:'shorter')::interval, now(), NULL)
  UNION ALL
  SELECT 'longer' AS name, service_name, parent_service_name, calls, errors
  FROM ps_trace.service_call(now() - (:'longer')::interval, now(), NULL)
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
    coalesce(max(errors) FILTER (WHERE name = 'short'), 0) AS short,
    coalesce(max(errors) FILTER (WHERE name = 'long'), 0) AS long,
    coalesce(max(errors) FILTER (WHERE name = 'shorter'), 0) AS shorter,
    coalesce(max(errors) FILTER (WHERE name = 'longer'), 0) AS longer
  FROM share
  GROUP BY service_name
  HAVING max(calls) >= (:'least')::int8
)
SELECT
  service_name,
  greatest(least(short, long) / (:'burn')::float8, least(shorter, longer) / (:'slowburn')::float8)
    / (1 - (:'objective')::float8) AS budget_burn
FROM burn
ORDER BY calls DESC, service_name
LIMIT 50;
