-- Whether a span `s` refers to one of the rows of a dictionary that can match.
-- :'ids'  the ids of the rows.

-- name: operation
s.operation_id = ANY (:'ids'::int8[])
-- name: resource
s.resource_id = ANY (:'ids'::int8[])
-- name: scope
s.scope_id = ANY (:'ids'::int8[])
