-- Number of failed spans per service.
\if :{?from} \else \set from 'now-30m' \endif
\if :{?to} \else \set to 'now' \endif
SELECT service_name, sum(errors)::int8 AS errors
FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
GROUP BY service_name
HAVING sum(errors) > 0
ORDER BY errors DESC, service_name;
