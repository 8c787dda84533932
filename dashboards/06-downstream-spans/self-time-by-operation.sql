-- Self time of an operation and of all operations below it, in milliseconds. Self time is the time in which a span has
-- no active child. Overlapping children count once and only within their parent, so self time is never negative. Empty
-- :'service' selects the service with the most requests; empty :'operation' selects all operations of the service. The
-- graph follows operations, not single traces: the values cover all calls that operations in the graph make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT service_name || ' ' || span_name AS operation, sum(self_ms) AS self_ms
FROM ps_trace.self_time_below(:'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
GROUP BY service_name, span_name
HAVING sum(self_ms) > 0
ORDER BY self_ms DESC, operation;
