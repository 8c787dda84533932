-- Calls per second that each service receives from outside itself, over time. A step that is not over is divided by the
-- seconds of it that are already aggregated, and left out while these are fewer than 30.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
SELECT
  time_bucket AS time,
  service_name AS series,
  sum(calls)::float8 / seconds AS calls_per_second
FROM ps_trace.service_call(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
)
JOIN ps_trace.counted_step(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
) AS step USING (time_bucket)
WHERE parent_service_name IS DISTINCT FROM service_name
GROUP BY time_bucket, service_name, seconds
HAVING sum(calls) > 0
ORDER BY time, series;
