-- Where does the time go below an operation, over time? The self time of each operation in each step, in milliseconds;
-- the ten operations that take most, and all others together. Self time is what a span takes while none of its children
-- is at work: children that overlap count once and only inside of their parent, so it is never negative. Without
-- :'service', of the service that takes the most requests; without :'operation', of all its operations. The walk is over
-- operations, not over single traces: figures of an operation are of all calls that its callers here make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?interval} \else \set interval 'sparse' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT time_bucket AS time, coalesce(service_name || ' ' || span_name, 'others') AS series, sum(self_ms) AS self_ms
FROM ps_trace.self_time_below(
  :'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'),
  ps_trace.step_of(:'interval', ps_trace.time_of(:'from'), ps_trace.time_of(:'to')), 10
)
GROUP BY time, series
ORDER BY time, series;
