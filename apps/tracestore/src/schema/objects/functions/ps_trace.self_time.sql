CREATE OR REPLACE FUNCTION ps_trace.self_time(_trace_id ps_trace.trace_id)
RETURNS TABLE (
  trace_id ps_trace.trace_id, span_id int8, service_name text, span_name text, span_kind ps_trace.span_kind,
  start_time timestamptz, duration_ms float8, self_ms float8
)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT
    t.trace_id, t.span_id, o.service_name, o.span_name, tracestore.span_kind(o.span_kind),
    t.start_time, t.duration_ns / 1e6::float8, t.self_ns / 1e6::float8
  FROM tracestore.self_time(ARRAY[_trace_id::uuid], '-infinity', 'infinity') t
  LEFT JOIN tracestore.operation o ON o.id = t.operation_id;
END;
COMMENT ON FUNCTION ps_trace.self_time(ps_trace.trace_id) IS 'Every span of a trace with its self time: the milliseconds of its duration in which no child ran. Overlapping children count once, and only within the duration of the span, so it is never negative. Where spans share an id, a child counts for each of them';

CREATE OR REPLACE FUNCTION ps_trace.self_time(_start_time_min timestamptz, _start_time_max timestamptz)
RETURNS TABLE (
  trace_id ps_trace.trace_id, span_id int8, service_name text, span_name text, span_kind ps_trace.span_kind,
  start_time timestamptz, duration_ms float8, self_ms float8
)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH asked AS MATERIALIZED (
    SELECT array_agg(DISTINCT s.trace_id) AS trace_ids, max(greatest(s.start_time, s.end_time)) AS end_max
    FROM tracestore.span s
    WHERE s.start_time >= _start_time_min AND s.start_time < _start_time_max
  )
  SELECT
    t.trace_id, t.span_id, o.service_name, o.span_name, tracestore.span_kind(o.span_kind),
    t.start_time, t.duration_ns / 1e6::float8, t.self_ns / 1e6::float8
  FROM asked
  CROSS JOIN LATERAL tracestore.self_time(asked.trace_ids, _start_time_min - interval '1 hour', asked.end_max) t
  LEFT JOIN tracestore.operation o ON o.id = t.operation_id
  WHERE t.start_time >= _start_time_min AND t.start_time < _start_time_max;
END;
COMMENT ON FUNCTION ps_trace.self_time(timestamptz, timestamptz) IS 'The self time of every span that starts from _start_time_min to before _start_time_max, of any trace. Children from an hour before the range to the end of its longest span count too';
