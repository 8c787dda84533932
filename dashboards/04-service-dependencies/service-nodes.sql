-- Nodes of the service graph: number, average duration in milliseconds and error rate of the calls that each service
-- receives from outside itself, and its namespace. A service that calls others without being called is a node without
-- calls.
\if :{?from} \else \set from 'now-5m' \endif
\if :{?to} \else \set to 'now' \endif
WITH total AS (
  SELECT
    parent_service_name,
    service_name,
    sum(calls)::float8 AS calls,
    sum(errors)::float8 AS errors,
    sum(duration_ns_sum) AS duration_ns
  FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
  WHERE parent_service_name IS DISTINCT FROM service_name
  GROUP BY parent_service_name, service_name
  HAVING sum(calls) > 0
),
node AS (
  SELECT service_name, sum(calls) AS calls, sum(errors) AS errors, sum(duration_ns) AS duration_ns
  FROM (
    SELECT service_name, calls, errors, duration_ns FROM total
    UNION ALL
    SELECT parent_service_name, 0, 0, 0 FROM total WHERE parent_service_name IS NOT NULL
  ) AS service
  GROUP BY service_name
)
SELECT
  service_name AS id,
  service_name AS title,
  calls AS "mainStat",
  duration_ns / nullif(calls, 0) / 1e6 AS "secondaryStat",
  coalesce(errors / nullif(calls, 0), 0) AS arc__failed,
  1 - coalesce(errors / nullif(calls, 0), 0) AS arc__passed,
  namespace AS detail__namespace
FROM node
LEFT JOIN ps_trace.service_namespace USING (service_name)
ORDER BY service_name;
