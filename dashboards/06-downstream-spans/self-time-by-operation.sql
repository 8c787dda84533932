-- Where does the time go below an operation? The self time of each operation, in milliseconds. Self time is what a span
-- takes while none of its children is at work: children that overlap count once and only inside of their parent, so it
-- is never negative. Without :'service', of the service that takes the most requests; without :'operation', of all its
-- operations. The walk is over operations, not over single traces: figures of an operation are of all calls that its
-- callers here make.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
\if :{?operation} \else \set operation '' \endif
SELECT service_name || ' ' || span_name AS operation, sum(self_ms) AS self_ms
FROM ps_trace.self_time_below(:'service', :'operation', ps_trace.time_of(:'from'), ps_trace.time_of(:'to'))
GROUP BY service_name, span_name
HAVING sum(self_ms) > 0
ORDER BY self_ms DESC, operation;
