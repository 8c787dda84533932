-- Requests per second, averaged over the range.
\if :{?from} \else \set from 'now-1h' \endif
\if :{?to} \else \set to 'now' \endif
SELECT
  coalesce(sum(calls), 0)::float8
    / greatest(extract(epoch FROM ps_trace.time_of(:'to') - ps_trace.time_of(:'from')), 1)::float8 AS requests_per_second
FROM ps_trace.service_call(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), NULL)
WHERE is_root;
