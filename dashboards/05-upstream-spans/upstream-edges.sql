-- Edges of the graph of an operation's direct and indirect callers: number of calls, average duration in milliseconds
-- and error rate. Empty :'service' selects the service that other services call most; empty :'operation' selects all
-- operations of the service. The graph follows operations, not single traces: it shows all callers of a caller,
-- including those whose calls do not reach the selected operation.
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
