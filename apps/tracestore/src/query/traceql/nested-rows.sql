-- The events and links of a span `s` as arrays of jsonb, in their order, where a query needs them.
-- :start_ns  when the span `s` started, in ns since 1970.
-- :event_ns  when the event `e` was, in ns since 1970.

-- name: none
NULL::jsonb[]
-- name: events
ARRAY(
  SELECT jsonb_build_object('name', e.name, 'since_ns', :event_ns - (:start_ns), 'attributes', e.attributes)
  FROM tracestore.event e
  WHERE e.trace_id = s.trace_id AND e.span_id = s.span_id AND e.span_instance = s.instance
    AND e.span_start_time = s.start_time
  ORDER BY e.event_nbr
)
-- name: links
ARRAY(
  SELECT jsonb_build_object(
    'trace_id', coalesce(replace((k.linked_trace_id)::text, '-', ''), ''),
    'span_id', coalesce(lpad(to_hex(k.linked_span_id), 16, '0'), ''),
    'attributes', k.attributes
  )
  FROM tracestore.link k
  WHERE k.trace_id = s.trace_id AND k.span_id = s.span_id AND k.span_instance = s.instance
    AND k.span_start_time = s.start_time
  ORDER BY k.link_nbr
)
