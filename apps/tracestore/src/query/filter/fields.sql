-- The fields of a span as SQL expressions, each under its name in a filter, and the attributes of each level. Of a
-- statement they need the rows s (span), o (operation), r (resource), c (scope), e (event) and k (link). Texts that a row
-- does not have are empty or NULL, times are nanoseconds, and kinds and status codes are the numbers of OTLP.

-- name: span.attributes
s.attributes
-- name: resource.attributes
r.attributes
-- name: scope.attributes
c.attributes
-- name: event.attributes
e.attributes
-- name: link.attributes
k.attributes

-- name: span.name
o.span_name
-- name: span.trace_id
replace((s.trace_id)::text, '-', '')
-- name: span.span_id
lpad(to_hex(s.span_id), 16, '0')
-- name: span.parent_span_id
lpad(to_hex(s.parent_span_id), 16, '0')
-- name: span.trace_state
s.trace_state
-- name: span.status_message
s.status_message
-- name: resource.service
o.service_name
-- name: resource.schema_url
r.schema_url
-- name: scope.name
c.name
-- name: scope.version
c.version
-- name: scope.schema_url
c.schema_url
-- name: event.name
e.name
-- name: link.trace_id
replace((k.linked_trace_id)::text, '-', '')
-- name: link.span_id
lpad(to_hex(k.linked_span_id), 16, '0')
-- name: link.trace_state
k.trace_state

-- name: span.kind
CASE WHEN o.span_kind BETWEEN 1 AND 5 THEN o.span_kind ELSE 0 END
-- name: span.status
CASE WHEN s.status_code BETWEEN 1 AND 2 THEN s.status_code ELSE 0 END

-- name: span.start_time
(extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos
-- name: span.end_time
(extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos
-- name: span.duration
greatest(((extract(epoch FROM s.end_time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + s.end_nanos - s.start_nanos, 0)
-- name: event.time
(extract(epoch FROM e.time) * 1000000)::int8 * 1000 + e.time_nanos
-- name: event.time_since_start
((extract(epoch FROM e.time) * 1000000)::int8 - (extract(epoch FROM s.start_time) * 1000000)::int8) * 1000 + e.time_nanos - s.start_nanos
