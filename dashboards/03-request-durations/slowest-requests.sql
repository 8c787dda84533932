-- The ten slowest requests.
\if :{?from} \else \set from 'now-15m' \endif
\if :{?to} \else \set to 'now' \endif
SELECT trace_id_hex AS trace_id, service_name, span_name, start_time AS time, duration_ms
FROM ps_trace.slowest_requests(ps_trace.time_of(:'from'), ps_trace.time_of(:'to'), 10)
ORDER BY duration_ms DESC, start_time;
