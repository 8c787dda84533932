-- Fields with a default value are written too: removing them would need another pass over the document.
CREATE OR REPLACE FUNCTION ps_trace.trace_otlp(_trace_id ps_trace.trace_id) RETURNS json
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH event AS (
    SELECT
      e.span_id, e.span_instance, e.span_start_time,
      json_agg(
        json_build_object(
          'timeUnixNano', tracestore.unix_nano(e.time, e.time_nanos)::text,
          'name', e.name,
          'attributes', tracestore.otlp_attributes(e.attributes),
          'droppedAttributesCount', tracestore.uint32(e.dropped_attributes_count)
        ) ORDER BY e.event_nbr
      ) AS events
    FROM tracestore.event e
    WHERE e.trace_id = _trace_id::uuid
    GROUP BY e.span_id, e.span_instance, e.span_start_time
  ),
  link AS (
    SELECT
      k.span_id, k.span_instance, k.span_start_time,
      json_agg(
        json_build_object(
          'traceId', coalesce(replace(k.linked_trace_id::text, '-', ''), ''),
          'spanId', coalesce(lpad(to_hex(k.linked_span_id), 16, '0'), ''),
          'traceState', coalesce(k.trace_state, ''),
          'attributes', tracestore.otlp_attributes(k.attributes),
          'droppedAttributesCount', tracestore.uint32(k.dropped_attributes_count),
          'flags', tracestore.uint32(k.flags)
        ) ORDER BY k.link_nbr
      ) AS links
    FROM tracestore.link k
    WHERE k.trace_id = _trace_id::uuid
    GROUP BY k.span_id, k.span_instance, k.span_start_time
  ),
  scope_spans AS (
    SELECT
      s.resource_id, s.scope_id, min(s.start_time) AS start_time,
      json_agg(
        json_build_object(
          'traceId', replace(s.trace_id::text, '-', ''),
          'spanId', lpad(to_hex(s.span_id), 16, '0'),
          'traceState', coalesce(s.trace_state, ''),
          'parentSpanId', coalesce(lpad(to_hex(s.parent_span_id), 16, '0'), ''),
          'flags', tracestore.uint32(s.flags),
          'name', coalesce(o.span_name, ''),
          'kind', coalesce(o.span_kind, 0),
          'startTimeUnixNano', tracestore.unix_nano(s.start_time, s.start_nanos)::text,
          'endTimeUnixNano', tracestore.unix_nano(s.end_time, s.end_nanos)::text,
          'attributes', tracestore.otlp_attributes(s.attributes),
          'droppedAttributesCount', tracestore.uint32(s.dropped_attributes_count),
          'events', coalesce(e.events, '[]'),
          'droppedEventsCount', tracestore.uint32(s.dropped_events_count),
          'links', coalesce(k.links, '[]'),
          'droppedLinksCount', tracestore.uint32(s.dropped_links_count),
          'status', json_build_object('code', coalesce(s.status_code, 0), 'message', coalesce(s.status_message, ''))
        ) ORDER BY s.start_time, s.start_nanos, s.instance
      ) AS spans
    FROM tracestore.span s
    LEFT JOIN tracestore.operation o ON o.id = s.operation_id
    LEFT JOIN event e ON e.span_id = s.span_id AND e.span_instance = s.instance AND e.span_start_time = s.start_time
    LEFT JOIN link k ON k.span_id = s.span_id AND k.span_instance = s.instance AND k.span_start_time = s.start_time
    WHERE s.trace_id = _trace_id::uuid
    GROUP BY s.resource_id, s.scope_id
  ),
  resource_spans AS (
    SELECT
      t.resource_id, min(t.start_time) AS start_time,
      json_agg(
        json_build_object(
          'scope', json_build_object(
            'name', coalesce(c.name, ''),
            'version', coalesce(c.version, ''),
            'attributes', tracestore.otlp_attributes(c.attributes),
            'droppedAttributesCount', tracestore.uint32(c.dropped_attributes_count)
          ),
          'spans', t.spans,
          'schemaUrl', coalesce(c.schema_url, '')
        ) ORDER BY t.start_time, t.scope_id
      ) AS scope_spans
    FROM scope_spans t
    LEFT JOIN tracestore.scope c ON c.id = t.scope_id
    GROUP BY t.resource_id
  )
  SELECT json_build_object('resourceSpans', coalesce(
    json_agg(
      json_build_object(
        'resource', json_build_object(
          'attributes', tracestore.otlp_attributes(r.attributes),
          'droppedAttributesCount', tracestore.uint32(r.dropped_attributes_count),
          'entityRefs', coalesce(r.entity_refs, '[]')
        ),
        'scopeSpans', t.scope_spans,
        'schemaUrl', coalesce(r.schema_url, '')
      ) ORDER BY t.start_time, t.resource_id
    ),
    '[]'
  ))
  FROM resource_spans t
  LEFT JOIN tracestore.resource r ON r.id = t.resource_id;
END;
COMMENT ON FUNCTION ps_trace.trace_otlp IS 'A whole trace as one document of OTLP/JSON, which any receiver accepts: ids in hex, times as text, enumerations as numbers. Without spans where the trace is not stored';
