-- The conditions of a span `s` on its parent, which may be in any partition.
-- :'service'    the service of the parent.
-- :'operation'  the name of the parent.

-- name: has_caller
EXISTS (
  SELECT
  FROM tracestore.span p
  JOIN tracestore.operation po ON po.id = p.operation_id
  WHERE p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND po.service_name = :'service'::text
)

-- name: has_caller_operation
EXISTS (
  SELECT
  FROM tracestore.span p
  JOIN tracestore.operation po ON po.id = p.operation_id
  WHERE p.trace_id = s.trace_id AND p.span_id = s.parent_span_id
    AND po.service_name = :'service'::text AND po.span_name = :'operation'::text
)
