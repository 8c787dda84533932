-- Self time of an operation and of all operations below it over time, in milliseconds per second: the ten operations
-- with the most self time, and all others as one series. Self time is the time in which a span has no active child.
-- Overlapping children count once and only within their parent, so self time is never negative. Empty :'service'
-- selects the service with the most requests; empty :'operation' selects all operations of the service. The graph
-- follows operations, not single traces: the values cover all calls that operations in the graph make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'sparse' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT time_bucket AS time, coalesce(service_name || ' ' || span_name, 'others') AS series, sum(self_ms) / seconds AS self_ms_per_second
FROM ps_trace.self_time_below(
  :'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')), 10
)
JOIN ps_trace.counted_step(
  ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
) AS step USING (time_bucket)
GROUP BY time, series, seconds
ORDER BY time, series;
