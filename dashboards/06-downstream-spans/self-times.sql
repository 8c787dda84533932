-- Number of calls of an operation and of all operations below it, and their self time in milliseconds: total, median,
-- 95th and 99th percentile. At most the fifty operations with the most self time; the relative error of percentiles is
-- at most 4.5 %. Self time is the time in which a span has no active child. Overlapping children count once and only
-- within their parent, so self time is never negative. Empty :'service' selects the service with the most requests;
-- empty :'operation' selects all operations of the service. The graph follows operations, not single traces: the values
-- cover all calls that operations in the graph make.
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
