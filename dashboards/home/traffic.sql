-- Requests and failed requests per second, over time.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'auto' \endif
SELECT
  time_bucket AS time,
  sum(calls)::float8 / extract(epoch FROM ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))::float8 AS requests,
  sum(errors)::float8 / extract(epoch FROM ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')))::float8 AS failed
FROM ps_trace.service_call(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
)
WHERE is_root
GROUP BY time_bucket
ORDER BY time;
