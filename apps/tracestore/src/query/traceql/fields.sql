-- The fields of TraceQL as SQL expressions. Of a statement they need the row s of a span, see spans-of-traces.sql, and, where a
-- condition has chosen one, the row e of an event or k of a link. Attributes are jsonb as stored; durations and numbers of the
-- nested set are integers.
-- :'key'  the key of the attribute.

-- name: any_attribute
CASE WHEN s.attributes ? :'key'::text THEN s.attributes -> :'key'::text ELSE s.resource -> :'key'::text END
-- name: span_attribute
(s.attributes -> :'key'::text)
-- name: resource_attribute
(s.resource -> :'key'::text)
-- name: instrumentation_attribute
(s.scope -> :'key'::text)
-- name: event_attribute
(e.event -> 'attributes' -> :'key'::text)
-- name: link_attribute
(k.link -> 'attributes' -> :'key'::text)
-- name: last_event_attribute
(
  SELECT e.event -> 'attributes' -> :'key'::text
  FROM unnest(s.events) WITH ORDINALITY AS e (event, nr)
  WHERE ps_trace.traceql_value(e.event -> 'attributes' -> :'key'::text) IS NOT NULL
  ORDER BY e.nr DESC
  LIMIT 1
)
-- name: last_link_attribute
(
  SELECT k.link -> 'attributes' -> :'key'::text
  FROM unnest(s.links) WITH ORDINALITY AS k (link, nr)
  WHERE ps_trace.traceql_value(k.link -> 'attributes' -> :'key'::text) IS NOT NULL
  ORDER BY k.nr DESC
  LIMIT 1
)
-- name: parent_any_attribute
CASE
  WHEN s.parent_attributes ? :'key'::text THEN s.parent_attributes -> :'key'::text
  ELSE s.parent_resource -> :'key'::text
END
-- name: parent_span_attribute
(s.parent_attributes -> :'key'::text)
-- name: parent_resource_attribute
(s.parent_resource -> :'key'::text)

-- name: is_root
s.is_root
-- name: duration
s.duration_ns
-- name: name
s.name
-- name: status
s.status
-- name: statusMessage
s.status_message
-- name: kind
s.kind
-- name: traceDuration
s.trace_duration_ns
-- name: rootName
s.root_name
-- name: rootServiceName
s.root_service_name
-- name: nestedSetLeft
s.nested_left
-- name: nestedSetRight
s.nested_right
-- name: nestedSetParent
s.nested_parent
-- name: span:childCount
s.children
-- name: trace:id
ltrim(replace((s.trace_id)::text, '-', ''), '0')
-- name: span:id
lpad(to_hex(s.span_id), 16, '0')
-- name: span:parentID
coalesce(lpad(to_hex(s.parent_span_id), 16, '0'), '0000000000000000')
-- name: instrumentation:name
s.scope_name
-- name: instrumentation:version
s.scope_version
-- name: event:name
(e.event ->> 'name')
-- name: event:timeSinceStart
(e.event ->> 'since_ns')::numeric
-- name: link:traceID
(k.link ->> 'trace_id')
-- name: link:spanID
(k.link ->> 'span_id')
-- name: last event:name
coalesce(s.events[cardinality(s.events)] ->> 'name', '')
-- name: last event:timeSinceStart
coalesce((s.events[cardinality(s.events)] ->> 'since_ns')::numeric, 0)
-- name: last link:traceID
coalesce(s.links[cardinality(s.links)] ->> 'trace_id', '')
-- name: last link:spanID
coalesce(s.links[cardinality(s.links)] ->> 'span_id', '')
