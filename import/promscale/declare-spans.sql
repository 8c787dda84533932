-- Declares the cursor import_spans over the spans that start in an hour, with their events and links, in an order that is the
-- same each time. Times are in microseconds since the epoch. Tags are maps from ids of keys to ids of tags, as text.
-- :'from'        the start of the hour.
-- :'until'       its end.
-- :'first_time'  no event or link that is read here is before it.
-- :'last_time'   nor after it.
DECLARE import_spans NO SCROLL CURSOR FOR
WITH events AS (
  SELECT
    trace_id::uuid AS trace_id,
    span_id,
    json_agg(
      json_build_array(
        event_nbr,
        (extract(epoch FROM time) * 1000000)::int8::text,
        name,
        tags::jsonb,
        dropped_tags_count
      )
      ORDER BY event_nbr, time
    ) AS events
  FROM _ps_trace.event
  WHERE time >= :'first_time'::timestamptz AND time <= :'last_time'::timestamptz
  GROUP BY 1, 2
),
links AS (
  SELECT
    trace_id::uuid AS trace_id,
    span_id,
    json_agg(
      json_build_array(
        link_nbr,
        (extract(epoch FROM span_start_time) * 1000000)::int8::text,
        linked_trace_id::uuid,
        linked_span_id::text,
        coalesce(trace_state, ''),
        tags::jsonb,
        dropped_tags_count
      )
      ORDER BY link_nbr
    ) AS links
  FROM _ps_trace.link
  WHERE span_start_time >= :'first_time'::timestamptz AND span_start_time <= :'last_time'::timestamptz
  GROUP BY 1, 2
)
SELECT
  s.trace_id::uuid AS trace_id,
  s.span_id::text AS span_id,
  s.parent_span_id::text AS parent_span_id,
  o.span_name AS name,
  o.span_kind::text AS kind,
  service.value::jsonb #>> '{}' AS service_name,
  (extract(epoch FROM s.start_time) * 1000000)::int8::text AS start_us,
  (extract(epoch FROM s.end_time) * 1000000)::int8::text AS end_us,
  coalesce(s.trace_state, '') AS trace_state,
  s.span_tags::jsonb::text AS span_tags,
  s.resource_tags::jsonb::text AS resource_tags,
  s.dropped_tags_count AS dropped_tags,
  s.dropped_events_count AS dropped_events,
  s.dropped_link_count AS dropped_links,
  s.resource_dropped_tags_count AS resource_dropped_tags,
  s.status_code::text AS status_code,
  coalesce(s.status_message, '') AS status_message,
  s.event_time IS NOT NULL AS has_events,
  (extract(epoch FROM lower(s.event_time)) * 1000000)::int8::text AS first_event_us,
  (extract(epoch FROM upper(s.event_time)) * 1000000)::int8::text AS last_event_us,
  scope.name AS scope_name,
  scope.version AS scope_version,
  scope_schema.url AS scope_schema_url,
  resource_schema.url AS resource_schema_url,
  e.events,
  l.links
FROM _ps_trace.span s
LEFT JOIN _ps_trace.operation o ON o.id = s.operation_id
LEFT JOIN _ps_trace.tag service ON service.id = o.service_name_id
LEFT JOIN _ps_trace.instrumentation_lib scope ON scope.id = s.instrumentation_lib_id
LEFT JOIN _ps_trace.schema_url scope_schema ON scope_schema.id = scope.schema_url_id
LEFT JOIN _ps_trace.schema_url resource_schema ON resource_schema.id = s.resource_schema_url_id
LEFT JOIN events e ON s.event_time IS NOT NULL AND e.trace_id = s.trace_id::uuid AND e.span_id = s.span_id
LEFT JOIN links l ON l.trace_id = s.trace_id::uuid AND l.span_id = s.span_id
WHERE s.start_time >= :'from'::timestamptz AND s.start_time < :'until'::timestamptz
ORDER BY s.start_time, s.trace_id::uuid, s.span_id;
