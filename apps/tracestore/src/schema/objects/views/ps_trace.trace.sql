CREATE OR REPLACE VIEW ps_trace.trace AS
SELECT
  t.trace_id,
  replace(t.trace_id::text, '-', '') AS trace_id_hex,
  o.service_name AS root_service_name,
  o.span_name AS root_span_name,
  t.start_time,
  t.end_time,
  (extract(epoch FROM t.end_time - t.start_time) * 1000)::float8 AS duration_ms,
  t.span_count,
  t.error_count
FROM (
  SELECT
    s.trace_id::ps_trace.trace_id AS trace_id,
    (array_agg(s.operation_id ORDER BY s.parent_span_id IS NOT NULL, s.start_time, s.start_nanos, s.instance))[1] AS operation_id,
    min(s.start_time) AS start_time,
    max(greatest(s.start_time, s.end_time)) AS end_time,
    count(*) AS span_count,
    count(*) FILTER (WHERE s.status_code = 2) AS error_count
  FROM tracestore.span s
  GROUP BY s.trace_id
) t
LEFT JOIN tracestore.operation o ON o.id = t.operation_id;
COMMENT ON VIEW ps_trace.trace IS 'One row per trace. Filter by trace_id: any other filter reads every span. For a range of time use the function ps_trace.traces';
COMMENT ON COLUMN ps_trace.trace.trace_id IS 'The 16 bytes of the trace id; trace_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.trace.trace_id_hex IS 'The trace id in hex, as other tools write it';
COMMENT ON COLUMN ps_trace.trace.root_service_name IS 'The service of the root: the earliest span without a parent, or the earliest span where all have one';
COMMENT ON COLUMN ps_trace.trace.root_span_name IS 'The name of the root';
COMMENT ON COLUMN ps_trace.trace.start_time IS 'The start of its first span';
COMMENT ON COLUMN ps_trace.trace.end_time IS 'The end of its last span';
COMMENT ON COLUMN ps_trace.trace.duration_ms IS 'Milliseconds from start_time to end_time, to the microsecond';
COMMENT ON COLUMN ps_trace.trace.span_count IS 'How many spans it has, of all services';
COMMENT ON COLUMN ps_trace.trace.error_count IS 'How many of the spans have the status error';
