-- Requests per second, averaged over the part of the range that is already aggregated. NULL if nothing of it is.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
SELECT
  coalesce(sum(calls), 0)::float8 / (SELECT seconds FROM ps_trace.counted_step(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL))
    AS requests_per_second
FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
WHERE is_root;
