-- Edges of the service graph: number of calls, average duration in milliseconds and error rate of the calls from one
-- service to another.
\if :{?from} \else \set from 'now-5m' \endif
\if :{?to} \else \set to 'now' \endif
SELECT
  parent_service_name || ' → ' || service_name AS id,
  parent_service_name AS source,
  service_name AS target,
  sum(calls)::float8 AS "mainStat",
  sum(duration_ns_sum) / sum(calls)::float8 / 1e6 AS "secondaryStat",
  sum(errors)::float8 / sum(calls)::float8 AS detail__failed
FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
WHERE parent_service_name <> service_name
GROUP BY source, target
HAVING sum(calls) > 0
ORDER BY source, target;
