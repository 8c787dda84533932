-- Names of the services that were called.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
SELECT DISTINCT service_name
FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
WHERE service_name IS NOT NULL
ORDER BY service_name;
