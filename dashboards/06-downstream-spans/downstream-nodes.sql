-- Which operations does an operation call, directly and through others? As the nodes of a graph, with how often each
-- ran, how long on average, and what share failed. Without :'service', of the service that takes the most requests;
-- without :'operation', of all its operations. The walk is over operations, not over single traces: figures of an
-- operation are of all its calls, whoever they are made for.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT
  node_id::text AS id,
  span_name AS title,
  service_name AS "subTitle",
  sum(calls)::float8 AS "mainStat",
  sum(duration_ns_sum) / sum(calls)::float8 / 1e6 AS "secondaryStat",
  sum(errors)::float8 / sum(calls)::float8 AS arc__failed,
  1 - sum(errors)::float8 / sum(calls)::float8 AS arc__passed
FROM ps_trace.downstream_calls(:'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
GROUP BY node_id, service_name, span_name
ORDER BY bool_or(is_asked) DESC, service_name, span_name;
