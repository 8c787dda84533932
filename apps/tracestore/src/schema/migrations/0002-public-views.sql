-- What users read: the views span, event and link with Promscale's columns, in its order and of its types, then ours.

CREATE DOMAIN ps_trace.trace_id AS uuid;
COMMENT ON DOMAIN ps_trace.trace_id IS 'A trace''s 16 bytes. Written with or without dashes: 32 hex digits will do';

CREATE DOMAIN ps_trace.tag_map AS jsonb;
COMMENT ON DOMAIN ps_trace.tag_map IS 'Attributes: an object with one member a key. An int has no fraction, a double always has one (5 and 5.0). An empty value is null, bytes are {"bytesValue": base64}, NaN, the infinities and -0 are {"doubleValue": text}';

-- Before they were renamed, Promscale's kinds and states had the names of OTLP. Queries that know only those exist; so
-- they are taken, and equal to the new ones. No view gives them.
CREATE TYPE ps_trace.span_kind AS ENUM (
  'unspecified', 'internal', 'server', 'client', 'producer', 'consumer',
  'SPAN_KIND_UNSPECIFIED', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER'
);
COMMENT ON TYPE ps_trace.span_kind IS 'unspecified, internal, server, client, producer or consumer. SPAN_KIND_SERVER and the like are equal to these, where ps_trace is in the search_path';

CREATE TYPE ps_trace.status_code AS ENUM (
  'unset', 'ok', 'error', 'STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'
);
COMMENT ON TYPE ps_trace.status_code IS 'unset, ok or error. STATUS_CODE_ERROR and the like are equal to these, where ps_trace is in the search_path';

-- Each value has its type, as casting the whole would make text of it first, for every row.
CREATE FUNCTION tracestore.span_kind(p_otlp int4) RETURNS ps_trace.span_kind
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_otlp
  WHEN 1 THEN 'internal'::ps_trace.span_kind WHEN 2 THEN 'server'::ps_trace.span_kind
  WHEN 3 THEN 'client'::ps_trace.span_kind WHEN 4 THEN 'producer'::ps_trace.span_kind
  WHEN 5 THEN 'consumer'::ps_trace.span_kind ELSE 'unspecified'::ps_trace.span_kind
END;

CREATE FUNCTION tracestore.status_code(p_otlp int4) RETURNS ps_trace.status_code
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_otlp
  WHEN 1 THEN 'ok'::ps_trace.status_code WHEN 2 THEN 'error'::ps_trace.status_code ELSE 'unset'::ps_trace.status_code
END;

CREATE FUNCTION ps_trace.renamed(p_kind ps_trace.span_kind) RETURNS ps_trace.span_kind
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_kind
  WHEN 'SPAN_KIND_UNSPECIFIED' THEN 'unspecified' WHEN 'SPAN_KIND_INTERNAL' THEN 'internal'
  WHEN 'SPAN_KIND_SERVER' THEN 'server' WHEN 'SPAN_KIND_CLIENT' THEN 'client'
  WHEN 'SPAN_KIND_PRODUCER' THEN 'producer' WHEN 'SPAN_KIND_CONSUMER' THEN 'consumer'
  ELSE p_kind
END;
COMMENT ON FUNCTION ps_trace.renamed(ps_trace.span_kind) IS 'The kind by its present name';

CREATE FUNCTION ps_trace.renamed(p_code ps_trace.status_code) RETURNS ps_trace.status_code
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_code
  WHEN 'STATUS_CODE_UNSET' THEN 'unset' WHEN 'STATUS_CODE_OK' THEN 'ok' WHEN 'STATUS_CODE_ERROR' THEN 'error'
  ELSE p_code
END;
COMMENT ON FUNCTION ps_trace.renamed(ps_trace.status_code) IS 'The status code by its present name';

-- An operator of exactly these types is taken before the one of any two enumerations, whatever its schema. In PL/pgSQL,
-- because the body of an SQL function is dear where it cannot be put in place of the call, which IN of a list is.
CREATE FUNCTION ps_trace.span_kind_eq(ps_trace.span_kind, ps_trace.span_kind) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.=) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.span_kind_eq IS 'Equality of kinds in either spelling';
CREATE FUNCTION ps_trace.span_kind_ne(ps_trace.span_kind, ps_trace.span_kind) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.<>) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.span_kind_ne IS 'Inequality of kinds in either spelling';
CREATE FUNCTION ps_trace.status_code_eq(ps_trace.status_code, ps_trace.status_code) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.=) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.status_code_eq IS 'Equality of status codes in either spelling';
CREATE FUNCTION ps_trace.status_code_ne(ps_trace.status_code, ps_trace.status_code) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS 'BEGIN RETURN ps_trace.renamed($1) OPERATOR(pg_catalog.<>) ps_trace.renamed($2); END';
COMMENT ON FUNCTION ps_trace.status_code_ne IS 'Inequality of status codes in either spelling';

CREATE OPERATOR ps_trace.= (
  FUNCTION = ps_trace.span_kind_eq, LEFTARG = ps_trace.span_kind, RIGHTARG = ps_trace.span_kind,
  COMMUTATOR = OPERATOR(ps_trace.=), NEGATOR = OPERATOR(ps_trace.<>), RESTRICT = eqsel, JOIN = eqjoinsel
);
COMMENT ON OPERATOR ps_trace.= (ps_trace.span_kind, ps_trace.span_kind) IS 'Equality of kinds in either spelling';
CREATE OPERATOR ps_trace.<> (
  FUNCTION = ps_trace.span_kind_ne, LEFTARG = ps_trace.span_kind, RIGHTARG = ps_trace.span_kind,
  COMMUTATOR = OPERATOR(ps_trace.<>), NEGATOR = OPERATOR(ps_trace.=), RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR ps_trace.<> (ps_trace.span_kind, ps_trace.span_kind) IS 'Inequality of kinds in either spelling';
CREATE OPERATOR ps_trace.= (
  FUNCTION = ps_trace.status_code_eq, LEFTARG = ps_trace.status_code, RIGHTARG = ps_trace.status_code,
  COMMUTATOR = OPERATOR(ps_trace.=), NEGATOR = OPERATOR(ps_trace.<>), RESTRICT = eqsel, JOIN = eqjoinsel
);
COMMENT ON OPERATOR ps_trace.= (ps_trace.status_code, ps_trace.status_code) IS 'Equality of status codes in either spelling';
CREATE OPERATOR ps_trace.<> (
  FUNCTION = ps_trace.status_code_ne, LEFTARG = ps_trace.status_code, RIGHTARG = ps_trace.status_code,
  COMMUTATOR = OPERATOR(ps_trace.<>), NEGATOR = OPERATOR(ps_trace.=), RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR ps_trace.<> (ps_trace.status_code, ps_trace.status_code) IS 'Inequality of status codes in either spelling';

-- Promscale's own comparisons of tags. Attributes are plain jsonb here, so these are jsonb's own by another name.
DO $tag_operators$
DECLARE
  named record;
BEGIN
  FOR named IN
    SELECT *
    FROM (VALUES
      ('%=', 'jsonb_eq', '%=', '%<>', 'eqsel', 'eqjoinsel'), ('%<>', 'jsonb_ne', '%<>', '%=', 'neqsel', 'neqjoinsel'),
      ('%<', 'jsonb_lt', '%>', '%>=', 'scalarltsel', 'scalarltjoinsel'),
      ('%<=', 'jsonb_le', '%>=', '%>', 'scalarlesel', 'scalarlejoinsel'),
      ('%>', 'jsonb_gt', '%<', '%<=', 'scalargtsel', 'scalargtjoinsel'),
      ('%>=', 'jsonb_ge', '%<=', '%<', 'scalargesel', 'scalargejoinsel')
    ) AS operators (name, function, commutator, negator, restriction, joined)
  LOOP
    EXECUTE format(
      'CREATE OPERATOR ps_trace.%s (FUNCTION = pg_catalog.%I, LEFTARG = jsonb, RIGHTARG = jsonb,
         COMMUTATOR = OPERATOR(ps_trace.%s), NEGATOR = OPERATOR(ps_trace.%s), RESTRICT = %I, JOIN = %I)',
      named.name, named.function, named.commutator, named.negator, named.restriction, named.joined
    );
    EXECUTE format(
      'COMMENT ON OPERATOR ps_trace.%s (jsonb, jsonb) IS %L',
      named.name, 'Compares two values of tags as ' || ltrim(named.name, '%') || ' of jsonb does'
    );
  END LOOP;
END
$tag_operators$;

-- Every span with all that the public views say of it, and the instance by which its own events and links are found.
-- Outer joins to the dictionaries, because the planner leaves those out whose columns a query doesn't ask for.
CREATE VIEW tracestore.full_span AS
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
  -- In nanoseconds first, which are whole numbers: adding fractions of milliseconds would round twice.
  greatest(
    (extract(epoch FROM s.end_time - s.start_time) * 1000000000 + (s.end_nanos - s.start_nanos))::float8 / 1e6, 0
  ) AS duration_ms,
  s.attributes::ps_trace.tag_map AS span_tags,
  CASE WHEN s.dropped_attributes_count < 0 THEN 2147483647 ELSE coalesce(s.dropped_attributes_count, 0) END AS dropped_tags_count,
  (
    SELECT tstzrange(min(e.time), max(e.time), '[]')
    FROM tracestore.event e
    WHERE e.trace_id = s.trace_id AND e.span_id = s.span_id AND e.span_instance = s.instance
      -- Names the one partition or chunk in which they are.
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
COMMENT ON VIEW tracestore.full_span IS 'What the public views are made of';

CREATE VIEW ps_trace.span AS
SELECT
  trace_id, span_id, trace_state, parent_span_id, is_root_span, service_name, span_name, span_kind,
  start_time, end_time, time_range, duration_ms, span_tags, dropped_tags_count, event_time,
  dropped_events_count, dropped_link_count, status_code, status_message,
  instrumentation_lib_name, instrumentation_lib_version, instrumentation_lib_schema_url,
  resource_tags, resource_dropped_tags_count, resource_schema_url,
  trace_id_hex, span_id_hex, parent_span_id_hex, start_time_unix_nano, end_time_unix_nano, flags,
  instrumentation_lib_tags, instrumentation_lib_dropped_tags_count, resource_entity_refs
FROM tracestore.full_span;
COMMENT ON VIEW ps_trace.span IS 'One row a span. Look a trace up by trace_id and a time by start_time: those are indexed, and so are service_name, span_kind and span_name together. Columns up to resource_schema_url are Promscale''s. A dropped count above 2147483647 reads 2147483647, an unknown kind or status reads unspecified or unset';
COMMENT ON COLUMN ps_trace.span.trace_id IS 'The trace''s 16 bytes; trace_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.span.trace_state IS 'The W3C tracestate of the span; NULL when it has none';
COMMENT ON COLUMN ps_trace.span.is_root_span IS 'Whether it has no parent';
COMMENT ON COLUMN ps_trace.span.span_name IS 'What it did';
COMMENT ON COLUMN ps_trace.span.span_kind IS 'Its role in the call; unspecified where the sender did not say';
COMMENT ON COLUMN ps_trace.span.span_tags IS 'The span''s attributes';
COMMENT ON COLUMN ps_trace.span.dropped_tags_count IS 'How many attributes the sender left out';
COMMENT ON COLUMN ps_trace.span.dropped_events_count IS 'How many events the sender left out';
COMMENT ON COLUMN ps_trace.span.dropped_link_count IS 'How many links the sender left out';
COMMENT ON COLUMN ps_trace.span.status_code IS 'Whether it failed; unset where the sender did not say';
COMMENT ON COLUMN ps_trace.span.status_message IS 'What went wrong; NULL when the sender did not say';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_name IS 'The instrumentation scope that made it';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_version IS 'The version of that';
COMMENT ON COLUMN ps_trace.span.resource_dropped_tags_count IS 'How many of the resource''s attributes the sender left out';
COMMENT ON COLUMN ps_trace.span.trace_id_hex IS 'The trace id as everything but SQL writes it';
COMMENT ON COLUMN ps_trace.span.span_id_hex IS 'The span id as everything but SQL writes it';
COMMENT ON COLUMN ps_trace.span.parent_span_id_hex IS 'The parent''s id in hex; NULL in a root span';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_dropped_tags_count IS 'How many of the instrumentation scope''s attributes the sender left out';
COMMENT ON COLUMN ps_trace.span.span_id IS 'The 8 bytes as a signed number; span_id_hex is the same in hex';
COMMENT ON COLUMN ps_trace.span.parent_span_id IS 'NULL in a root span';
COMMENT ON COLUMN ps_trace.span.service_name IS 'The resource''s service.name, or unknown_service where it has none';
COMMENT ON COLUMN ps_trace.span.start_time IS 'To the microsecond, rounded down; start_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.span.end_time IS 'To the microsecond, rounded down; end_time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.span.time_range IS 'From start to end, both included; the start alone where a span ends before it starts';
COMMENT ON COLUMN ps_trace.span.duration_ms IS 'Milliseconds from start to end, never negative: 0 where a span ends before it starts';
COMMENT ON COLUMN ps_trace.span.event_time IS 'From the span''s earliest event to its latest; NULL without events';
COMMENT ON COLUMN ps_trace.span.resource_tags IS 'The resource''s attributes, service.name among them';
COMMENT ON COLUMN ps_trace.span.resource_schema_url IS 'The resource''s own schema URL';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_schema_url IS 'The schema URL of the spans of this instrumentation library';
COMMENT ON COLUMN ps_trace.span.start_time_unix_nano IS 'Nanoseconds since 1970, exact';
COMMENT ON COLUMN ps_trace.span.end_time_unix_nano IS 'Nanoseconds since 1970, exact';
COMMENT ON COLUMN ps_trace.span.flags IS 'W3C trace flags in bits 0 to 7; bit 8: it is known whether the parent is remote, bit 9: it is';
COMMENT ON COLUMN ps_trace.span.instrumentation_lib_tags IS 'The instrumentation scope''s attributes';
COMMENT ON COLUMN ps_trace.span.resource_entity_refs IS 'Which of the resource''s attributes identify and describe its entities; NULL when it names none';

CREATE VIEW ps_trace.event AS
SELECT
  e.trace_id::ps_trace.trace_id AS trace_id,
  e.span_id,
  e.time,
  e.name AS event_name,
  e.attributes::ps_trace.tag_map AS event_tags,
  CASE WHEN e.dropped_attributes_count < 0 THEN 2147483647 ELSE e.dropped_attributes_count END AS dropped_tags_count,
  s.trace_state,
  s.service_name,
  s.span_name,
  s.span_kind,
  s.start_time AS span_start_time,
  s.end_time AS span_end_time,
  s.time_range AS span_time_range,
  s.duration_ms AS span_duration_ms,
  s.span_tags,
  s.dropped_tags_count AS dropped_span_tags_count,
  s.resource_tags,
  s.resource_dropped_tags_count,
  s.status_code,
  s.status_message,
  replace(e.trace_id::text, '-', '') AS trace_id_hex,
  lpad(to_hex(e.span_id), 16, '0') AS span_id_hex,
  (extract(epoch FROM e.time) * 1000000)::int8 * 1000 + e.time_nanos AS time_unix_nano,
  e.event_nbr
FROM tracestore.event e
LEFT JOIN tracestore.full_span s
  ON s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.span_start_time
  AND s.instance = e.span_instance;
COMMENT ON VIEW ps_trace.event IS 'One row an event, with what its span says. Columns up to status_message are Promscale''s';
COMMENT ON COLUMN ps_trace.event.event_name IS 'What happened';
COMMENT ON COLUMN ps_trace.event.event_tags IS 'The event''s attributes';
COMMENT ON COLUMN ps_trace.event.dropped_tags_count IS 'How many of the event''s attributes the sender left out';
COMMENT ON COLUMN ps_trace.event.time IS 'To the microsecond, rounded down; time_unix_nano is exact';
COMMENT ON COLUMN ps_trace.event.time_unix_nano IS 'Nanoseconds since 1970, exact';
COMMENT ON COLUMN ps_trace.event.event_nbr IS 'The place of the event among its span''s, from 0';

CREATE VIEW ps_trace.link AS
SELECT
  k.trace_id::ps_trace.trace_id AS trace_id,
  k.span_id,
  s.trace_state, s.parent_span_id, s.is_root_span, s.service_name, s.span_name, s.span_kind,
  s.start_time, s.end_time, s.time_range, s.duration_ms, s.span_tags, s.dropped_tags_count, s.event_time,
  s.dropped_events_count, s.dropped_link_count, s.status_code, s.status_message,
  s.instrumentation_lib_name, s.instrumentation_lib_version, s.instrumentation_lib_schema_url,
  s.resource_tags, s.resource_dropped_tags_count, s.resource_schema_url,
  k.linked_trace_id::ps_trace.trace_id AS linked_trace_id,
  k.linked_span_id,
  l.trace_state AS linked_trace_state,
  l.parent_span_id AS linked_parent_span_id,
  l.is_root_span AS linked_is_root_span,
  l.service_name AS linked_service_name,
  l.span_name AS linked_span_name,
  l.span_kind AS linked_span_kind,
  l.start_time AS linked_start_time,
  l.end_time AS linked_end_time,
  l.time_range AS linked_time_range,
  l.duration_ms AS linked_duration_ms,
  l.span_tags AS linked_span_tags,
  l.dropped_tags_count AS linked_dropped_tags_count,
  l.event_time AS linked_event_time,
  l.dropped_events_count AS linked_dropped_events_count,
  l.dropped_link_count AS linked_dropped_link_count,
  l.status_code AS linked_status_code,
  l.status_message AS linked_status_message,
  l.instrumentation_lib_name AS linked_inst_lib_name,
  l.instrumentation_lib_version AS linked_inst_lib_version,
  l.instrumentation_lib_schema_url AS linked_inst_lib_schema_url,
  l.resource_tags AS linked_resource_tags,
  l.resource_dropped_tags_count AS linked_resource_dropped_tags_count,
  l.resource_schema_url AS linked_resource_schema_url,
  k.attributes::ps_trace.tag_map AS link_tags,
  CASE WHEN k.dropped_attributes_count < 0 THEN 2147483647 ELSE coalesce(k.dropped_attributes_count, 0) END
    AS dropped_link_tags_count,
  replace(k.trace_id::text, '-', '') AS trace_id_hex,
  lpad(to_hex(k.span_id), 16, '0') AS span_id_hex,
  replace(k.linked_trace_id::text, '-', '') AS linked_trace_id_hex,
  lpad(to_hex(k.linked_span_id), 16, '0') AS linked_span_id_hex,
  k.trace_state AS link_trace_state,
  coalesce(k.flags, 0)::int8 & 4294967295 AS link_flags,
  k.link_nbr
FROM tracestore.link k
LEFT JOIN tracestore.full_span s
  ON s.trace_id = k.trace_id AND s.span_id = k.span_id AND s.start_time = k.span_start_time
  AND s.instance = k.span_instance
-- Of several spans with the linked id the first, so that a link stays one row.
LEFT JOIN LATERAL (
  SELECT f.*
  FROM tracestore.full_span f
  WHERE f.trace_id = k.linked_trace_id AND f.span_id = k.linked_span_id
  ORDER BY f.start_time, f.instance
  LIMIT 1
) l ON true;
COMMENT ON VIEW ps_trace.link IS 'One row a link, with what its span says and, where the linked span is known, what that says. Columns up to dropped_link_tags_count are Promscale''s';
COMMENT ON COLUMN ps_trace.link.linked_span_id IS 'As the link says it, whether or not the linked span is known; NULL when the link names no span';
COMMENT ON COLUMN ps_trace.link.link_tags IS 'The link''s own attributes';
COMMENT ON COLUMN ps_trace.link.dropped_link_tags_count IS 'How many of the link''s attributes the sender left out';
COMMENT ON COLUMN ps_trace.link.linked_trace_id_hex IS 'The same in hex';
COMMENT ON COLUMN ps_trace.link.linked_span_id_hex IS 'The same in hex';
COMMENT ON COLUMN ps_trace.link.linked_trace_id IS 'As the link says it, whether or not the linked span is known; NULL when the link names no trace';
COMMENT ON COLUMN ps_trace.link.linked_trace_state IS 'The linked span''s own; what the link says is link_trace_state';
COMMENT ON COLUMN ps_trace.link.link_trace_state IS 'The trace state that the link carries';
COMMENT ON COLUMN ps_trace.link.link_flags IS 'As span.flags, of the linked span''s context';
COMMENT ON COLUMN ps_trace.link.link_nbr IS 'The place of the link among its span''s, from 0';

-- What event and link say of spans means what it does in span.
DO $said_of_spans$
DECLARE
  said record;
BEGIN
  FOR said IN
    SELECT c.attrelid::regclass AS view, c.attname AS name,
      CASE WHEN c.attname LIKE 'linked\_%' THEN 'Of the linked span: ' WHEN c.attname ~ '^(span_(start|end|time|duration)|dropped_span)_' THEN 'Of the span: ' ELSE '' END
        || col_description(s.attrelid, s.attnum) AS comment
    FROM pg_attribute c
    JOIN pg_attribute s ON s.attrelid = 'ps_trace.span'::regclass AND s.attname = CASE
      WHEN c.attname LIKE 'linked\_inst\_%' THEN replace(c.attname, 'linked_inst', 'instrumentation')
      WHEN c.attname LIKE 'linked\_%' THEN replace(c.attname, 'linked_', '')
      WHEN c.attname = 'dropped_span_tags_count' THEN 'dropped_tags_count'
      WHEN c.attname ~ '^span_(start_time|end_time|time_range|duration_ms)$' THEN replace(c.attname, 'span_', '')
      ELSE c.attname
    END
    WHERE c.attrelid IN ('ps_trace.event'::regclass, 'ps_trace.link'::regclass) AND c.attnum > 0
      AND col_description(c.attrelid, c.attnum) IS NULL
  LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', said.view, said.name, said.comment);
  END LOOP;
END
$said_of_spans$;
