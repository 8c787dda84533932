-- Edges of the graph of the operations that an operation calls directly and indirectly: number of calls, average
-- duration in milliseconds and error rate. Empty :'service' selects the service with the most requests; empty
-- :'operation' selects all operations of the service. The graph follows operations, not single traces: the values cover
-- all calls that operations in the graph make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT
  parent_node_id || ' ' || node_id AS id, parent_node_id::text AS source, node_id::text AS target,
  calls::float8 AS "mainStat", duration_ns_sum / calls / 1e6 AS "secondaryStat", errors / calls::float8 AS detail__failed
FROM ps_trace.downstream_calls(:'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
WHERE is_followed
ORDER BY calls DESC, id;
