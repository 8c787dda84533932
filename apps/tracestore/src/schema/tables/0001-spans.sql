-- The tables that hold received OTLP data, without loss. They are private: users read the views of schema ps_trace.
--
-- An unsigned 32-bit field (dropped counts, flags) is stored as the same 32 bits in an int4: 4294967295 reads -1 here, and
-- the views convert it. An enumeration is stored as its OTLP number, known or unknown. An empty text is NULL, because
-- protobuf has no difference between absent and empty; a count, flags or a status of 0 can be NULL too.
--
-- Spans, events and links are stored by the start of their span: in hypertables where TimescaleDB is installed, otherwise in
-- native range partitions. The default partition takes rows outside the range of the other partitions. Wide columns come
-- first, in falling order of alignment, so that rows have no padding.

CREATE TABLE tracestore.resource (
  id                       int8 PRIMARY KEY,
  service_name             text NOT NULL,
  attributes               jsonb NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  last_seen                timestamptz NOT NULL DEFAULT now(),
  schema_url               text,
  entity_refs              jsonb
);

CREATE TABLE tracestore.scope (
  id                       int8 PRIMARY KEY,
  name                     text,
  version                  text,
  attributes               jsonb NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  last_seen                timestamptz NOT NULL DEFAULT now(),
  schema_url               text
);

CREATE TABLE tracestore.operation (
  id           int8 PRIMARY KEY,
  service_name text NOT NULL,
  span_kind    int4 NOT NULL,
  span_name    text NOT NULL,
  last_seen    timestamptz NOT NULL DEFAULT now()
);

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
  flags                    int4,
  dropped_attributes_count int4,
  dropped_events_count     int4,
  dropped_links_count      int4,
  status_code              int4,
  start_nanos              int2 NOT NULL,
  end_nanos                int2 NOT NULL,
  trace_state              text,
  status_message           text,
  attributes               jsonb NOT NULL
);

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

CREATE TABLE tracestore.link (
  trace_id                 uuid NOT NULL,
  span_id                  int8 NOT NULL,
  span_start_time          timestamptz NOT NULL,
  linked_trace_id          uuid,
  linked_span_id           int8,
  span_instance            int4 NOT NULL,
  link_nbr                 int4 NOT NULL,
  flags                    int4,
  dropped_attributes_count int4,
  trace_state              text,
  attributes               jsonb NOT NULL
);

CREATE TABLE tracestore.span_block (
  start_max       timestamptz NOT NULL,
  start_min       timestamptz NOT NULL,
  duration_ns_max int8 NOT NULL,
  transaction_id  int8 NOT NULL DEFAULT pg_current_xact_id()::text::int8,
  span_count      int4 NOT NULL,
  error_count     int4 NOT NULL,
  salt            int4 NOT NULL,
  trace_ids       uuid[] NOT NULL,
  filter          bytea NOT NULL
);
-- These values are random bits, so compression saves nothing; and a row is never too long for a page.
ALTER TABLE tracestore.span_block
  ALTER COLUMN trace_ids SET STORAGE PLAIN,
  ALTER COLUMN filter SET STORAGE PLAIN;

-- Makes a hypertable or a partitioned table of each of these four.
DO $kept_by_time$
DECLARE
  extension_schema text := tracestore.timescale_schema();
  timed record;
BEGIN
  FOR timed IN
    SELECT * FROM (VALUES ('span', 'start_time'), ('event', 'span_start_time'), ('link', 'span_start_time'), ('span_block', 'start_max'))
      AS t (name, time_column)
  LOOP
    IF extension_schema IS NOT NULL THEN
      IF timed.name = 'span' THEN
        -- TimescaleDB compresses an int8 by differences, and a type that it does not know by a dictionary. Random ids that
        -- recur take a third of the space with the dictionary.
        CREATE DOMAIN tracestore.recurring_id AS int8;
        ALTER TABLE tracestore.span
          ALTER COLUMN parent_span_id TYPE tracestore.recurring_id,
          ALTER COLUMN operation_id TYPE tracestore.recurring_id,
          ALTER COLUMN resource_id TYPE tracestore.recurring_id,
          ALTER COLUMN scope_id TYPE tracestore.recurring_id;
      END IF;
      EXECUTE format(
        'SELECT %I.create_hypertable(%L::regclass, %L::name, chunk_time_interval => interval %L, create_default_indexes => false)',
        extension_schema, 'tracestore.' || timed.name, timed.time_column, '1 day'
      );
    ELSE
      EXECUTE format('ALTER TABLE tracestore.%I RENAME TO like_this', timed.name);
      EXECUTE format('CREATE TABLE tracestore.%I (LIKE tracestore.like_this INCLUDING ALL) PARTITION BY RANGE (%I)', timed.name, timed.time_column);
      EXECUTE format('CREATE TABLE tracestore.%I PARTITION OF tracestore.%I DEFAULT', timed.name || '_default', timed.name);
      DROP TABLE tracestore.like_this;
    END IF;
  END LOOP;
END
$kept_by_time$;

-- docs/adr/0005-storage-by-time.md gives the cost and the use of each index.
CREATE INDEX span_by_trace ON tracestore.span (trace_id);
CREATE INDEX span_by_operation ON tracestore.span (operation_id, start_time);
CREATE INDEX span_by_time ON tracestore.span USING brin (start_time) WITH (autosummarize = on);
CREATE INDEX event_by_span ON tracestore.event (trace_id, span_id);
CREATE INDEX event_by_time ON tracestore.event USING brin (time) WITH (autosummarize = on);
CREATE INDEX link_by_span ON tracestore.link (trace_id, span_id);
-- A search up to a time skips the later blocks of that hour by this index alone, and a search for slow spans skips the blocks
-- without slow spans.
CREATE INDEX span_block_by_time ON tracestore.span_block (start_max, start_min, duration_ns_max);
CREATE INDEX span_block_by_transaction ON tracestore.span_block USING brin (transaction_id) WITH (autosummarize = on);

CREATE TABLE tracestore.ledger (
  received_at timestamptz NOT NULL DEFAULT now(),
  digest      bytea PRIMARY KEY
);
CREATE INDEX ledger_by_time ON tracestore.ledger USING brin (received_at) WITH (autosummarize = on);

-- Compresses values that are too long for a page with lz4 where the server has it: it takes a fifth of pglz's time.
DO $lz4$
DECLARE
  wide record;
BEGIN
  IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
    FOR wide IN
      SELECT a.attrelid::regclass AS relation, a.attname
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      JOIN pg_type t ON t.oid = a.atttypid
      WHERE c.relnamespace = 'tracestore'::regnamespace AND c.relkind IN ('r', 'p')
        AND t.typname IN ('jsonb', 'text') AND a.attnum > 0 AND NOT a.attisdropped
    LOOP
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', wide.relation, wide.attname);
    END LOOP;
  END IF;
END
$lz4$;
