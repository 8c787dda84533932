-- What spans-of-views.sql returns of a span `s`, and which spans it returns.
-- :'start_min'  the first start of a span.
-- :'start_max'  the last start of a span.
-- :source       see spans-of-views.sql.

-- name: none
NULL::jsonb[]
-- name: events
ARRAY(
  SELECT jsonb_build_object(
    'name', e.event_name, 'since_ns', e.time_unix_nano - s.start_time_unix_nano, 'attributes', e.event_tags::jsonb
  )
  FROM ps_trace.event e
  WHERE e.trace_id = s.trace_id AND e.span_id = s.span_id AND e.span_start_time = s.start_time
  ORDER BY e.event_nbr
)
-- name: links
ARRAY(
  SELECT jsonb_build_object(
    'trace_id', coalesce(k.linked_trace_id_hex, ''),
    'span_id', coalesce(k.linked_span_id_hex, ''),
    'attributes', k.link_tags::jsonb
  )
  FROM ps_trace.link k
  WHERE k.trace_id = s.trace_id AND k.span_id = s.span_id AND k.start_time = s.start_time
)
-- name: in_range
s.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
-- name: of_traces_in_range
s.trace_id IN (
  SELECT x.trace_id
  FROM ps_trace.span x
  WHERE x.start_time BETWEEN :'start_min'::timestamptz AND :'start_max'::timestamptz
)
-- name: with_roots
SELECT x.*, x.parent_span_id IS NULL AND CASE WHEN x.kind = 2 THEN NOT EXISTS (
  SELECT FROM ps_trace.span client
  WHERE client.trace_id = x.trace_id AND client.span_id = x.span_id AND client.span_kind = 'client'
) ELSE true END AS is_root
FROM (:source) AS x
