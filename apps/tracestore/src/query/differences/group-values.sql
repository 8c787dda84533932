-- The values by which group-spans.sql counts the span `s`, as JSON text. A longer text than 200 characters is cut.
-- :'key'  the key of an attribute.

-- name: service
(SELECT to_jsonb(o.service_name)::text FROM tracestore.operation o WHERE o.id = s.operation_id)
-- name: operation
(SELECT to_jsonb(o.span_name)::text FROM tracestore.operation o WHERE o.id = s.operation_id)
-- name: kind
(SELECT to_jsonb(tracestore.span_kind(o.span_kind))::text FROM tracestore.operation o WHERE o.id = s.operation_id)
-- name: status
to_jsonb(tracestore.status_code(s.status_code))::text
-- name: attribute
(
  SELECT CASE WHEN length(a.value #>> '{}') > 200 THEN to_jsonb(left(a.value #>> '{}', 200) || '…') ELSE a.value END::text
  FROM (
    SELECT coalesce(
      s.attributes -> :'key'::text,
      (SELECT r.attributes -> :'key'::text FROM tracestore.resource r WHERE r.id = s.resource_id)
    ) AS value
  ) AS a
)
