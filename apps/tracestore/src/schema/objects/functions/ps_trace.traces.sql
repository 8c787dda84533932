CREATE OR REPLACE FUNCTION ps_trace.traces(_start_time_min timestamptz, _start_time_max timestamptz) RETURNS SETOF ps_trace.trace
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT t.trace_id, t.trace_id_hex, t.root_service_name, t.root_span_name, t.start_time, t.end_time, t.duration_ms, t.span_count, t.error_count
  FROM (
    SELECT DISTINCT s.trace_id
    FROM tracestore.span s
    WHERE s.start_time >= _start_time_min AND s.start_time < _start_time_max
  ) asked
  -- OFFSET 0 keeps the planner from aggregating all traces: it looks each trace up.
  CROSS JOIN LATERAL (SELECT * FROM ps_trace.trace v WHERE v.trace_id = asked.trace_id OFFSET 0) t;
END;
COMMENT ON FUNCTION ps_trace.traces IS 'The rows of ps_trace.trace for every trace with a span that starts from _start_time_min to before _start_time_max. A row covers the whole trace, also the part outside of that range';
