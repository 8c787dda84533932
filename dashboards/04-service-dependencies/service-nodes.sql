-- Nodes of the service graph: number, average duration in milliseconds and error rate of the calls that each service
-- receives from outside itself.
\if :{?from} \else \set from 'now-5m' \endif
\if :{?to} \else \set to 'now' \endif
SELECT
  service_name AS id,
  service_name AS title,
  sum(calls)::float8 AS "mainStat",
  sum(duration_ns_sum) / sum(calls)::float8 / 1e6 AS "secondaryStat",
  sum(errors)::float8 / sum(calls)::float8 AS arc__failed,
  1 - sum(errors)::float8 / sum(calls)::float8 AS arc__passed
FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
WHERE parent_service_name IS DISTINCT FROM service_name
GROUP BY service_name
HAVING sum(calls) > 0
ORDER BY service_name;
