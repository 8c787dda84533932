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
COMMENT ON VIEW ps_trace.trace IS 'One row a trace. Ask for traces by trace_id: anything else reads every span. For a range of time there is ps_trace.traces';
COMMENT ON COLUMN ps_trace.trace.trace_id IS 'The trace''s 16 bytes';
COMMENT ON COLUMN ps_trace.trace.trace_id_hex IS 'The same in hex, as everything but SQL writes it';
COMMENT ON COLUMN ps_trace.trace.root_service_name IS 'The service of the root: of the earliest span without a parent, or of the earliest span where all have one';
COMMENT ON COLUMN ps_trace.trace.root_span_name IS 'The name of the root';
COMMENT ON COLUMN ps_trace.trace.start_time IS 'When its first span starts';
COMMENT ON COLUMN ps_trace.trace.end_time IS 'When its last span ends';
COMMENT ON COLUMN ps_trace.trace.duration_ms IS 'Milliseconds from start_time to end_time, to the microsecond';
COMMENT ON COLUMN ps_trace.trace.span_count IS 'How many spans it has, of whatever service';
COMMENT ON COLUMN ps_trace.trace.error_count IS 'How many of them have the status error';
