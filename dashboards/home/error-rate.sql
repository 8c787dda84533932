-- Share of requests that fail. NULL without requests.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
SELECT sum(errors)::float8 / nullif(sum(calls), 0)::float8 AS error_rate
FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
WHERE is_root;
