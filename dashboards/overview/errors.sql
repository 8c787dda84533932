-- Error rate of the calls that each service receives from outside itself, over time. A step is left out while fewer
-- than 30 seconds of it are aggregated.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
SELECT time_bucket AS time, service_name AS series, sum(errors)::float8 / sum(calls)::float8 AS error_rate
FROM ps_trace.service_call(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
)
JOIN ps_trace.counted_step(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
) AS step USING (time_bucket)
WHERE parent_service_name IS DISTINCT FROM service_name
GROUP BY time_bucket, service_name
HAVING sum(calls) > 0
ORDER BY time, series;
