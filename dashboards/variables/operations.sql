-- Names of the operations that were called. Empty :'service' selects all services.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
\if :{?service} \else \set service '' \endif
SELECT DISTINCT span_name
FROM ps_trace.operation_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
WHERE span_name IS NOT NULL AND (:'service' = '' OR service_name = :'service')
ORDER BY span_name;
