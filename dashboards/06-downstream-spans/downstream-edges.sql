-- Who calls whom below an operation? As the edges of a graph, with how often, how long on average, and what share
-- failed. Without :'service', of the service that takes the most requests; without :'operation', of all its operations.
-- The walk is over operations, not over single traces: figures of an operation are of all calls that its callers here
-- make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
WITH RECURSIVE edge AS MATERIALIZED (
  SELECT
    parent_service_name, parent_span_name, service_name, span_name, is_root,
    sum(calls)::float8 AS calls, sum(errors)::float8 AS errors, sum(duration_ns_sum) AS duration_ns
  FROM ps_trace.operation_call_total(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
  GROUP BY parent_service_name, parent_span_name, service_name, span_name, is_root
),
asked AS (
  SELECT DISTINCT service_name, span_name
  FROM edge
  WHERE (:'operation' = '' OR span_name = :'operation')
    AND service_name = coalesce(
      nullif(:'service', ''),
      (SELECT service_name FROM edge WHERE is_root GROUP BY service_name ORDER BY sum(calls) DESC, service_name LIMIT 1)
    )
),
reached AS (
  SELECT service_name, span_name FROM asked
  UNION
  SELECT e.service_name, e.span_name
  FROM reached r
  JOIN edge e ON e.parent_service_name = r.service_name AND e.parent_span_name = r.span_name
)
SELECT
  source || target AS id, source, target,
  calls AS "mainStat", duration_ns / calls / 1e6 AS "secondaryStat", errors / calls AS detail__failed
FROM (
  SELECT
    md5(json_build_array(e.parent_service_name, e.parent_span_name)::text) AS source,
    md5(json_build_array(e.service_name, e.span_name)::text) AS target,
    e.calls, e.errors, e.duration_ns
  FROM edge e
  JOIN reached caller ON caller.service_name = e.parent_service_name AND caller.span_name = e.parent_span_name
  WHERE e.parent_service_name IS NOT NULL
) AS walked
ORDER BY calls DESC, id;
