-- Nodes of the graph of an operation's direct and indirect callers: number of calls, average duration in milliseconds
-- and error rate. Empty :'service' selects the service that other services call most; empty :'operation' selects all
-- operations of the service. The graph follows operations, not single traces: it shows all callers of a caller,
-- including those whose calls do not reach the selected operation. A caller that was not called in the range is a node
-- without calls.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
WITH call AS MATERIALIZED (
  SELECT *
  FROM ps_trace.upstream_calls(:'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
),
node AS (
  SELECT node_id, service_name, span_name, is_asked, calls, errors, duration_ns_sum FROM call
  UNION ALL
  SELECT parent_node_id, parent_service_name, parent_span_name, false, 0, 0, 0 FROM call WHERE is_followed
)
SELECT
  node_id::text AS id,
  span_name AS title,
  service_name AS "subTitle",
  sum(calls)::float8 AS "mainStat",
  sum(duration_ns_sum) / nullif(sum(calls), 0)::float8 / 1e6 AS "secondaryStat",
  coalesce(sum(errors)::float8 / nullif(sum(calls), 0)::float8, 0) AS arc__failed,
  1 - coalesce(sum(errors)::float8 / nullif(sum(calls), 0)::float8, 0) AS arc__passed
FROM node
GROUP BY node_id, service_name, span_name
ORDER BY bool_or(is_asked) DESC, service_name, span_name;
