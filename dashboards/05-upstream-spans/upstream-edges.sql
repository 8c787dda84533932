-- Who calls whom on the way to an operation? As the edges of a graph, with how often, how long on average, and what
-- share failed. Without :'service', of the service that others call most; without :'operation', of all its operations.
-- The walk is over operations, not over single traces: it shows who calls the callers, whoever they call for.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT
  parent_node_id || ' ' || node_id AS id, parent_node_id::text AS source, node_id::text AS target,
  calls::float8 AS "mainStat", duration_ns_sum / calls / 1e6 AS "secondaryStat", errors / calls::float8 AS detail__failed
FROM ps_trace.upstream_calls(:'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
WHERE is_followed
ORDER BY calls DESC, id;
