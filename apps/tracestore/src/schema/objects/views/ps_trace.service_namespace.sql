CREATE OR REPLACE VIEW ps_trace.service_namespace AS
SELECT DISTINCT ON (r.service_name)
  r.service_name,
  CASE jsonb_typeof(r.attributes -> 'service.namespace') WHEN 'string' THEN nullif(r.attributes ->> 'service.namespace', '') END
    AS namespace
FROM tracestore.resource r
ORDER BY r.service_name, r.last_seen DESC, r.id;
COMMENT ON VIEW ps_trace.service_namespace IS 'One row per service with its namespace. Aggregates count by service name only, so a service has one namespace here: that of the resource that was seen last';
COMMENT ON COLUMN ps_trace.service_namespace.service_name IS 'service.name of the resource';
COMMENT ON COLUMN ps_trace.service_namespace.namespace IS 'service.namespace of the resource; NULL where it has none';
