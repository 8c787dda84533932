-- Which five requests of the last day took longest?
SELECT trace_id_hex, service_name, span_name, start_time, duration_ms
FROM ps_trace.slowest_requests(now() - interval '1 day', now(), 5);
