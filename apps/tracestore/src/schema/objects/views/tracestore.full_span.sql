-- Outer joins to the dictionaries: the planner removes a join whose columns a query does not use.
CREATE OR REPLACE VIEW tracestore.full_span AS
SELECT
  s.trace_id::ps_trace.trace_id AS trace_id,
  s.span_id,
  s.trace_state,
  s.parent_span_id::int8 AS parent_span_id,
  s.parent_span_id IS NULL AS is_root_span,
  o.service_name,
  o.span_name,
  tracestore.span_kind(o.span_kind) AS span_kind,
  s.start_time,
  s.end_time,
  tstzrange(s.start_time, greatest(s.start_time, s.end_time), '[]') AS time_range,
  -- Sums whole nanoseconds first: a sum of fractions of milliseconds would be rounded twice.
  greatest(
    (extract(epoch FROM s.end_time - s.start_time) * 1000000000 + (s.end_nanos - s.start_nanos))::float8 / 1e6, 0
  ) AS duration_ms,
  s.attributes::ps_trace.tag_map AS span_tags,
  CASE WHEN s.dropped_attributes_count < 0 THEN 2147483647 ELSE coalesce(s.dropped_attributes_count, 0) END AS dropped_tags_count,
  (
    SELECT tstzrange(min(e.time), max(e.time), '[]')
    FROM tracestore.event e
    WHERE e.trace_id = s.trace_id AND e.span_id = s.span_id AND e.span_instance = s.instance
      -- Restricts the scan to the one partition or chunk with the events.
      AND e.span_start_time = s.start_time
    HAVING count(*) > 0
  ) AS event_time,
  CASE WHEN s.dropped_events_count < 0 THEN 2147483647 ELSE coalesce(s.dropped_events_count, 0) END AS dropped_events_count,
  CASE WHEN s.dropped_links_count < 0 THEN 2147483647 ELSE coalesce(s.dropped_links_count, 0) END AS dropped_link_count,
  tracestore.status_code(s.status_code) AS status_code,
  s.status_message,
  c.name AS instrumentation_lib_name,
  c.version AS instrumentation_lib_version,
  c.schema_url AS instrumentation_lib_schema_url,
  r.attributes::ps_trace.tag_map AS resource_tags,
  CASE WHEN r.dropped_attributes_count < 0 THEN 2147483647 ELSE r.dropped_attributes_count END
    AS resource_dropped_tags_count,
  r.schema_url AS resource_schema_url,
  replace(s.trace_id::text, '-', '') AS trace_id_hex,
  lpad(to_hex(s.span_id), 16, '0') AS span_id_hex,
  lpad(to_hex(s.parent_span_id), 16, '0') AS parent_span_id_hex,
  (extract(epoch FROM s.start_time) * 1000000)::int8 * 1000 + s.start_nanos AS start_time_unix_nano,
  (extract(epoch FROM s.end_time) * 1000000)::int8 * 1000 + s.end_nanos AS end_time_unix_nano,
  coalesce(s.flags, 0)::int8 & 4294967295 AS flags,
  c.attributes::ps_trace.tag_map AS instrumentation_lib_tags,
  CASE WHEN c.dropped_attributes_count < 0 THEN 2147483647 ELSE c.dropped_attributes_count END
    AS instrumentation_lib_dropped_tags_count,
  r.entity_refs AS resource_entity_refs,
  s.instance
FROM tracestore.span s
LEFT JOIN tracestore.operation o ON o.id = s.operation_id
LEFT JOIN tracestore.resource r ON r.id = s.resource_id
LEFT JOIN tracestore.scope c ON c.id = s.scope_id;
COMMENT ON VIEW tracestore.full_span IS 'All columns of the public views, per span, and the instance that its events and links refer to';
