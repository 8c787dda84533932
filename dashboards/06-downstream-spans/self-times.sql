-- How often do the operations below an operation run, and how long for themselves: in all, on the median, and on the
-- 95th and 99th percentile, in milliseconds? The fifty that take most; percentiles are at most 4.5 % off. Self time is what
-- a span takes while none of its children is at work: children that overlap count once and only inside of their parent, so
-- it is never negative. Without :'service', of the service that takes the most requests; without :'operation', of all its
-- operations. The walk is over operations, not over single traces: figures of an operation are of all calls that its
-- callers here make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT
  service_name, span_name, calls, self_ms, self_share,
  percentiles_ms[1] AS p50_ms, percentiles_ms[2] AS p95_ms, percentiles_ms[3] AS p99_ms
FROM ps_trace.self_time_percentiles_below(
  :'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), '{0.5, 0.95, 0.99}', 50
);
