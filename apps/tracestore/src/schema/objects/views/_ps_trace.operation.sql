CREATE OR REPLACE VIEW _ps_trace.operation AS
SELECT
  o.id,
  tracestore.tag_id('service.name', to_jsonb(o.service_name)) AS service_name_id,
  tracestore.span_kind(o.span_kind) AS span_kind,
  o.span_name
FROM tracestore.operation o;
COMMENT ON VIEW _ps_trace.operation IS 'Kinds and names of spans, in the shape of Promscale''s private table';
COMMENT ON COLUMN _ps_trace.operation.id IS 'The id in operation_calls';
COMMENT ON COLUMN _ps_trace.operation.service_name_id IS 'The id of the service name in _ps_trace.tag';
COMMENT ON COLUMN _ps_trace.operation.span_kind IS 'The kind of the spans';
COMMENT ON COLUMN _ps_trace.operation.span_name IS 'The name of the spans';
