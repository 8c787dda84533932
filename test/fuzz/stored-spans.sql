-- Returns every stored span: its ids, and the digest of its other fields as text, as in expected-spans.ts.
WITH span_events AS (
  SELECT
    trace_id,
    span_id,
    span_instance,
    string_agg(
      (extract(epoch FROM time) * 1000000)::int8 * 1000 + time_nanos
        || ' ' || name || ' ' || attributes::text || ' ' || dropped_attributes_count,
      '; ' ORDER BY event_nbr
    ) AS events
  FROM tracestore.event
  GROUP BY trace_id, span_id, span_instance
),
span_links AS (
  SELECT
    trace_id,
    span_id,
    span_instance,
    string_agg(
      coalesce(replace(linked_trace_id::text, '-', ''), '')
        || ' ' || coalesce(lpad(to_hex(linked_span_id), 16, '0'), '')
        || ' ' || coalesce(trace_state, '')
        || ' ' || attributes::text
        || ' ' || coalesce(dropped_attributes_count, 0)
        || ' ' || coalesce(flags, 0),
      '; ' ORDER BY link_nbr
    ) AS links
  FROM tracestore.link
  GROUP BY trace_id, span_id, span_instance
)
SELECT
  s.trace_id_hex AS "traceId",
  s.span_id_hex AS "spanId",
  md5(concat_ws(
    E'\n',
    'parent=' || coalesce(s.parent_span_id_hex, ''),
    'name=' || s.span_name,
    'kind=' || s.span_kind::text,
    'start=' || s.start_time_unix_nano,
    'end=' || s.end_time_unix_nano,
    'traceState=' || coalesce(s.trace_state, ''),
    'status=' || s.status_code::text,
    'statusMessage=' || coalesce(s.status_message, ''),
    'flags=' || s.flags,
    'droppedAttributes=' || s.dropped_tags_count,
    'droppedEvents=' || s.dropped_events_count,
    'droppedLinks=' || s.dropped_link_count,
    'attributes=' || s.span_tags::text,
    -- The service name is compared only when it is a text.
    'service=' || CASE
      WHEN s.resource_tags IS NULL THEN 'no resource'
      WHEN jsonb_typeof(s.resource_tags::jsonb -> 'service.name') = 'string'
        AND s.resource_tags::jsonb ->> 'service.name' <> '' THEN s.service_name
      ELSE '*'
    END,
    'resource=' || s.resource_tags::text,
    'resourceDropped=' || s.resource_dropped_tags_count,
    'resourceUrl=' || coalesce(s.resource_schema_url, ''),
    'scope=' || coalesce(s.instrumentation_lib_name, ''),
    'scopeVersion=' || coalesce(s.instrumentation_lib_version, ''),
    'scopeAttributes=' || s.instrumentation_lib_tags::text,
    'scopeDropped=' || s.instrumentation_lib_dropped_tags_count,
    'scopeUrl=' || coalesce(s.instrumentation_lib_schema_url, ''),
    'events=' || coalesce(e.events, ''),
    'links=' || coalesce(l.links, '')
  )) AS digest
FROM tracestore.full_span s
LEFT JOIN span_events e ON e.trace_id = s.trace_id AND e.span_id = s.span_id AND e.span_instance = s.instance
LEFT JOIN span_links l ON l.trace_id = s.trace_id AND l.span_id = s.span_id AND l.span_instance = s.instance
