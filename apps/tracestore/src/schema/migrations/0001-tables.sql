-- Where OTLP is kept: private tables, without loss. What users read are the views of schema ps_trace.
--
-- Unsigned 32-bit fields (dropped counts, flags) are kept as the same 32 bits in an int4, so 4294967295 reads -1 here;
-- the views read them right. Enumerations are kept as the numbers of OTLP, known or not.
-- An empty text is NULL, as absent and empty are one in protobuf.

CREATE TABLE tracestore.resource (
  id                       int8 PRIMARY KEY,
  service_name             text NOT NULL,
  attributes               jsonb NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  schema_url               text,
  entity_refs              jsonb
);
COMMENT ON TABLE tracestore.resource IS 'What produced spans. The id is made of the content (the first 8 bytes of its SHA-256), so equal resources are one row and no writer asks for an id';
COMMENT ON COLUMN tracestore.resource.service_name IS 'service.name, or unknown_service';
COMMENT ON COLUMN tracestore.resource.entity_refs IS 'The resource''s entity references, an array of objects; NULL when there are none';

CREATE TABLE tracestore.scope (
  id                       int8 PRIMARY KEY,
  name                     text,
  version                  text,
  attributes               jsonb NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  schema_url               text
);
COMMENT ON TABLE tracestore.scope IS 'The instrumentation library that made spans, and the schema URL of its spans; the id is made of the content';

CREATE TABLE tracestore.operation (
  id           int8 PRIMARY KEY,
  service_name text NOT NULL,
  span_kind    int4 NOT NULL,
  span_name    text NOT NULL
);
COMMENT ON TABLE tracestore.operation IS 'What a service does: kind and name of its spans; the id is made of the content';

CREATE TABLE tracestore.span (
  trace_id                 uuid NOT NULL,
  span_id                  int8 NOT NULL,
  parent_span_id           int8,
  start_time               timestamptz NOT NULL,
  end_time                 timestamptz NOT NULL,
  operation_id             int8 NOT NULL,
  resource_id              int8 NOT NULL,
  scope_id                 int8 NOT NULL,
  instance                 int4 NOT NULL,
  flags                    int4 NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  dropped_events_count     int4 NOT NULL,
  dropped_links_count      int4 NOT NULL,
  status_code              int4 NOT NULL,
  start_nanos              int2 NOT NULL,
  end_nanos                int2 NOT NULL,
  trace_state              text,
  status_message           text,
  attributes               jsonb NOT NULL
);
COMMENT ON TABLE tracestore.span IS 'Spans as they came. There is no key: span ids that were given twice exist, and both spans are kept';
COMMENT ON COLUMN tracestore.span.instance IS 'Tells spans of one trace apart that share their span id, so that each keeps its own events and links';
COMMENT ON COLUMN tracestore.span.start_nanos IS 'The nanoseconds that start_time, which holds microseconds, has no room for: 0 to 999';
COMMENT ON COLUMN tracestore.span.end_nanos IS 'The nanoseconds that end_time, which holds microseconds, has no room for: 0 to 999';

CREATE INDEX span_by_trace ON tracestore.span (trace_id);
CREATE INDEX span_by_operation ON tracestore.span (operation_id, start_time);
CREATE INDEX span_by_time ON tracestore.span USING brin (start_time) WITH (autosummarize = on);

CREATE TABLE tracestore.event (
  trace_id                 uuid NOT NULL,
  span_id                  int8 NOT NULL,
  span_start_time          timestamptz NOT NULL,
  time                     timestamptz NOT NULL,
  span_instance            int4 NOT NULL,
  event_nbr                int4 NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  time_nanos               int2 NOT NULL,
  name                     text NOT NULL,
  attributes               jsonb NOT NULL
);
COMMENT ON COLUMN tracestore.event.event_nbr IS 'The place of the event among its span''s, from 0';

CREATE INDEX event_by_span ON tracestore.event (trace_id, span_id);
CREATE INDEX event_by_time ON tracestore.event USING brin (time) WITH (autosummarize = on);

CREATE TABLE tracestore.link (
  trace_id                 uuid NOT NULL,
  span_id                  int8 NOT NULL,
  span_start_time          timestamptz NOT NULL,
  linked_trace_id          uuid,
  linked_span_id           int8,
  span_instance            int4 NOT NULL,
  link_nbr                 int4 NOT NULL,
  flags                    int4 NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  trace_state              text,
  attributes               jsonb NOT NULL
);
COMMENT ON COLUMN tracestore.link.link_nbr IS 'The place of the link among its span''s, from 0';
COMMENT ON COLUMN tracestore.link.linked_trace_id IS 'NULL when the link names no trace';

CREATE INDEX link_by_span ON tracestore.link (trace_id, span_id);
