-- The columns of ids. A filter compares an id with its column, not with its text, so that an index serves.

-- name: span.trace_id
s.trace_id
-- name: span.span_id
s.span_id
-- name: span.parent_span_id
s.parent_span_id
-- name: link.trace_id
k.linked_trace_id
-- name: link.span_id
k.linked_span_id
