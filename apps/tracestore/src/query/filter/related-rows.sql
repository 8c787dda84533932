-- The conditions of a span `s` on rows of other tables. A span refers to one row of each of the dictionaries operation, resource and
-- scope, and has events and links. `w` has the traces that a search reads, and the range of their starts.
-- :condition    the test of the row.
-- :ids          the query of the ids of a dictionary.
-- :'known_ids'  the ids of the rows of a dictionary that pass the test.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.

-- name: operation_ids
SELECT o.id FROM tracestore.operation o WHERE :condition
-- name: resource_ids
SELECT r.id FROM tracestore.resource r WHERE :condition
-- name: scope_ids
SELECT c.id FROM tracestore.scope c WHERE :condition

-- name: has_operation
s.operation_id IN (:ids)
-- name: has_resource
s.resource_id IN (:ids)
-- name: has_scope
s.scope_id IN (:ids)

-- name: has_known_operation
s.operation_id = ANY (:'known_ids'::int8[])
-- name: has_known_resource
s.resource_id = ANY (:'known_ids'::int8[])
-- name: has_known_scope
s.scope_id = ANY (:'known_ids'::int8[])

-- name: has_event
-- PostgreSQL runs this once for all spans of a row `w`, as the test does not depend on the span. It looks up one trace after
-- the other: the planner overestimates how many events a list of traces has, and would read all events of a day instead.
(s.trace_id, s.span_id, s.instance, s.start_time) IN (
  SELECT found.trace_id, found.span_id, found.span_instance, found.span_start_time
  FROM unnest(w.trace_ids) AS known (trace_id)
  CROSS JOIN LATERAL (
    SELECT e.trace_id, e.span_id, e.span_instance, e.span_start_time
    FROM tracestore.event e
    WHERE e.trace_id = known.trace_id AND e.span_start_time BETWEEN w.start_min AND w.start_max
      AND e.span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
      AND :condition
    OFFSET 0
  ) AS found
)
-- name: has_link
(s.trace_id, s.span_id, s.instance, s.start_time) IN (
  SELECT found.trace_id, found.span_id, found.span_instance, found.span_start_time
  FROM unnest(w.trace_ids) AS known (trace_id)
  CROSS JOIN LATERAL (
    SELECT k.trace_id, k.span_id, k.span_instance, k.span_start_time
    FROM tracestore.link k
    WHERE k.trace_id = known.trace_id AND k.span_start_time BETWEEN w.start_min AND w.start_max
      AND k.span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
      AND :condition
    OFFSET 0
  ) AS found
)

-- name: has_event_of_span
-- The test depends on the span, too.
EXISTS (
  SELECT FROM tracestore.event e
  WHERE e.trace_id = s.trace_id AND e.span_id = s.span_id AND e.span_instance = s.instance
    AND e.span_start_time = s.start_time
    AND e.span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    AND :condition
)
-- name: has_link_of_span
EXISTS (
  SELECT FROM tracestore.link k
  WHERE k.trace_id = s.trace_id AND k.span_id = s.span_id AND k.span_instance = s.instance
    AND k.span_start_time = s.start_time
    AND k.span_start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
    AND :condition
)
