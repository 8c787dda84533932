-- Returns spans from the public views, with the columns of spans-of-traces.sql and spans-of-range.sql. A span that arrived twice has
-- the events and links of both.
-- :events   its events, see view-parts.sql.
-- :links    its links, see view-parts.sql.
-- :matches  which spans, see view-parts.sql.
SELECT
  s.trace_id::uuid AS trace_id,
  s.span_id,
  s.parent_span_id,
  0 AS instance,
  s.start_time_unix_nano AS start_ns,
  greatest(s.end_time_unix_nano - s.start_time_unix_nano, 0) AS duration_ns,
  s.service_name,
  s.span_name AS name,
  coalesce(array_position(ARRAY['internal', 'server', 'client', 'producer', 'consumer'], s.span_kind::text), 0) AS kind,
  coalesce(array_position(ARRAY['ok', 'error'], s.status_code::text), 0) AS status,
  coalesce(s.status_message, '') AS status_message,
  s.span_tags::jsonb AS attributes,
  s.resource_tags::jsonb AS resource,
  coalesce(s.instrumentation_lib_name, '') AS scope_name,
  coalesce(s.instrumentation_lib_version, '') AS scope_version,
  s.instrumentation_lib_tags::jsonb AS scope,
  :events AS events,
  :links AS links
FROM ps_trace.span s
WHERE :matches
