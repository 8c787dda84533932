CREATE OR REPLACE VIEW _ps_trace.operation AS
SELECT
  o.id,
  tracestore.tag_id('service.name', to_jsonb(o.service_name)) AS service_name_id,
  tracestore.span_kind(o.span_kind) AS span_kind,
  o.span_name
FROM tracestore.operation o;
COMMENT ON VIEW _ps_trace.operation IS 'What services do, in the shape of Promscale''s private table';
COMMENT ON COLUMN _ps_trace.operation.id IS 'As operation_calls gives it';
COMMENT ON COLUMN _ps_trace.operation.service_name_id IS 'The id in _ps_trace.tag of the service''s name';
COMMENT ON COLUMN _ps_trace.operation.span_kind IS 'The kind of its spans';
COMMENT ON COLUMN _ps_trace.operation.span_name IS 'The name of its spans';
