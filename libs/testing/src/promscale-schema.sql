-- The tables of Promscale 0.15 to 0.17 that hold traces, for tests: names, columns, types and their meaning, without indexes,
-- hypertables, functions of Promscale and rights. Its extension (0.7 and 0.8) creates the originals; what is here was written
-- from a description of them. Source of the facts: github.com/timescale/promscale_extension, migration/incremental,
-- 012-tracing, 015-tracing-redesign and 032-remove-non-empty-span-name-constraint (Timescale License, 2023-02).
-- The types are base types, as there: only a superuser can create them.
CREATE SCHEMA ps_trace;
CREATE SCHEMA _ps_trace;

-- A uuid of its own type, with casts both ways.
CREATE TYPE ps_trace.trace_id;
CREATE FUNCTION _ps_trace.trace_id_in(cstring) RETURNS ps_trace.trace_id
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'uuid_in';
CREATE FUNCTION _ps_trace.trace_id_out(ps_trace.trace_id) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'uuid_out';
CREATE TYPE ps_trace.trace_id (
  INPUT = _ps_trace.trace_id_in, OUTPUT = _ps_trace.trace_id_out, INTERNALLENGTH = 16, ALIGNMENT = char
);
CREATE CAST (ps_trace.trace_id AS uuid) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (uuid AS ps_trace.trace_id) WITHOUT FUNCTION AS IMPLICIT;

-- A jsonb of its own type, for maps from ids of keys to ids of tags.
CREATE TYPE ps_trace.tag_map;
CREATE FUNCTION ps_trace.tag_map_in(cstring) RETURNS ps_trace.tag_map
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'jsonb_in';
CREATE FUNCTION ps_trace.tag_map_out(ps_trace.tag_map) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'jsonb_out';
CREATE TYPE ps_trace.tag_map (INPUT = ps_trace.tag_map_in, OUTPUT = ps_trace.tag_map_out, STORAGE = extended);
CREATE CAST (ps_trace.tag_map AS jsonb) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (jsonb AS ps_trace.tag_map) WITHOUT FUNCTION AS IMPLICIT;

-- A jsonb of its own type, for the values of tags.
CREATE TYPE _ps_trace.tag_v;
CREATE FUNCTION _ps_trace.tag_v_in(cstring) RETURNS _ps_trace.tag_v
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'jsonb_in';
CREATE FUNCTION _ps_trace.tag_v_out(_ps_trace.tag_v) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'jsonb_out';
CREATE TYPE _ps_trace.tag_v (INPUT = _ps_trace.tag_v_in, OUTPUT = _ps_trace.tag_v_out, STORAGE = extended);
CREATE CAST (_ps_trace.tag_v AS jsonb) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (jsonb AS _ps_trace.tag_v) WITHOUT FUNCTION AS IMPLICIT;

CREATE DOMAIN ps_trace.tag_k AS text NOT NULL CHECK (VALUE <> '');
CREATE DOMAIN ps_trace.tag_type AS smallint NOT NULL;
CREATE TYPE ps_trace.span_kind AS ENUM ('unspecified', 'internal', 'server', 'client', 'producer', 'consumer');
CREATE TYPE ps_trace.status_code AS ENUM ('unset', 'ok', 'error');

CREATE TABLE _ps_trace.tag_key (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tag_type ps_trace.tag_type,
  key ps_trace.tag_k UNIQUE
);
CREATE TABLE _ps_trace.tag (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key_id bigint NOT NULL,
  tag_type ps_trace.tag_type,
  key ps_trace.tag_k REFERENCES _ps_trace.tag_key (key) ON DELETE CASCADE,
  value _ps_trace.tag_v NOT NULL
);
-- service_name_id is the id of a tag whose key is service.name.
CREATE TABLE _ps_trace.operation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service_name_id bigint NOT NULL,
  span_kind ps_trace.span_kind NOT NULL,
  span_name text NOT NULL,
  UNIQUE (service_name_id, span_name, span_kind)
);
CREATE TABLE _ps_trace.schema_url (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url text NOT NULL UNIQUE CHECK (url <> '')
);
CREATE TABLE _ps_trace.instrumentation_lib (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  schema_url_id bigint REFERENCES _ps_trace.schema_url (id),
  UNIQUE (name, version, schema_url_id)
);
-- Ids of spans are signed. event_time is the range of the times of the span's events, without its end: it is empty if they are
-- equal. The end of a span that ended before it started was exchanged with its start.
CREATE TABLE _ps_trace.span (
  trace_id ps_trace.trace_id NOT NULL,
  span_id bigint NOT NULL,
  parent_span_id bigint,
  operation_id bigint NOT NULL,
  start_time timestamptz NOT NULL,
  end_time timestamptz NOT NULL,
  duration_ms double precision NOT NULL,
  instrumentation_lib_id bigint,
  resource_schema_url_id bigint,
  event_time tstzrange,
  dropped_tags_count int NOT NULL DEFAULT 0,
  dropped_events_count int NOT NULL DEFAULT 0,
  dropped_link_count int NOT NULL DEFAULT 0,
  resource_dropped_tags_count int NOT NULL DEFAULT 0,
  status_code ps_trace.status_code NOT NULL,
  trace_state text,
  span_tags ps_trace.tag_map NOT NULL,
  status_message text,
  resource_tags ps_trace.tag_map NOT NULL
);
CREATE TABLE _ps_trace.event (
  time timestamptz NOT NULL,
  trace_id ps_trace.trace_id NOT NULL,
  span_id bigint NOT NULL,
  event_nbr int NOT NULL DEFAULT 0,
  dropped_tags_count int NOT NULL DEFAULT 0,
  name text NOT NULL,
  tags ps_trace.tag_map NOT NULL
);
-- span_start_time is the start that the span was sent with.
CREATE TABLE _ps_trace.link (
  trace_id ps_trace.trace_id NOT NULL,
  span_id bigint NOT NULL,
  span_start_time timestamptz NOT NULL,
  linked_trace_id ps_trace.trace_id NOT NULL,
  linked_span_id bigint NOT NULL,
  link_nbr int NOT NULL DEFAULT 0,
  dropped_tags_count int NOT NULL DEFAULT 0,
  trace_state text,
  tags ps_trace.tag_map NOT NULL
);
