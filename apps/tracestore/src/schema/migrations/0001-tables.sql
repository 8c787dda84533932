-- Where OTLP is kept: private tables, without loss. What users read are the views of schema ps_trace.
--
-- Unsigned 32-bit fields (dropped counts, flags) are kept as the same 32 bits in an int4, so 4294967295 reads -1 here;
-- the views read them right. Enumerations are kept as the numbers of OTLP, known or not.
-- An empty text is NULL, as absent and empty are one in protobuf; so may a count, flags or a status of 0 be.
--
-- Spans, events and links are kept by their span's start: in hypertables where TimescaleDB is installed, else in native
-- range partitions, of which the default one takes what comes too early or too late for the others. Rows are wide
-- columns first and in falling order of alignment, so that no byte is padding.

CREATE TABLE tracestore.resource (
  id                       int8 PRIMARY KEY,
  service_name             text NOT NULL,
  attributes               jsonb NOT NULL,
  dropped_attributes_count int4 NOT NULL,
  last_seen                timestamptz NOT NULL DEFAULT now(),
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
  last_seen                timestamptz NOT NULL DEFAULT now(),
  schema_url               text
);
COMMENT ON TABLE tracestore.scope IS 'The instrumentation library that made spans, and the schema URL of its spans; the id is made of the content';

CREATE TABLE tracestore.operation (
  id           int8 PRIMARY KEY,
  service_name text NOT NULL,
  span_kind    int4 NOT NULL,
  span_name    text NOT NULL,
  last_seen    timestamptz NOT NULL DEFAULT now()
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
COMMENT ON TABLE tracestore.span IS 'Spans as they came. There is no key: span ids that were given twice exist, and both spans are kept';
COMMENT ON COLUMN tracestore.span.instance IS 'Tells spans of one trace apart that share their span id, so that each keeps its own events and links';
COMMENT ON COLUMN tracestore.span.start_nanos IS 'The nanoseconds that start_time, which holds microseconds, has no room for: 0 to 999';
COMMENT ON COLUMN tracestore.span.end_nanos IS 'The nanoseconds that end_time, which holds microseconds, has no room for: 0 to 999';

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
COMMENT ON COLUMN tracestore.link.link_nbr IS 'The place of the link among its span''s, from 0';
COMMENT ON COLUMN tracestore.link.linked_trace_id IS 'NULL when the link names no trace';

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
COMMENT ON TABLE tracestore.span_block IS 'What about 120 spans that came in one request have in common, so that a search can pass over them and the figures of calls can be made from what is new. Spans of a trace that came together are in one block';
COMMENT ON COLUMN tracestore.span_block.start_max IS 'When the last of the spans started; the first did at most an hour before';
COMMENT ON COLUMN tracestore.span_block.duration_ns_max IS 'How long the longest took, in ns; 0 if none ended after its start';
COMMENT ON COLUMN tracestore.span_block.transaction_id IS 'The transaction that wrote the block and its spans';
COMMENT ON COLUMN tracestore.span_block.salt IS 'By which the filter tells its terms apart';
COMMENT ON COLUMN tracestore.span_block.trace_ids IS 'The traces that the spans belong to, each once';
COMMENT ON COLUMN tracestore.span_block.filter IS 'A Bloom filter over attributes, operations, resources and scopes: otlp/block-filter.ts says how it is made and asked';
-- Random bits, which nothing compresses; and rows that are never too long for a page.
ALTER TABLE tracestore.span_block
  ALTER COLUMN trace_ids SET STORAGE PLAIN,
  ALTER COLUMN filter SET STORAGE PLAIN;

CREATE TABLE tracestore.operation_stats (
  time_bucket     timestamptz NOT NULL,
  operation_id    int8 NOT NULL,
  calls           int8 NOT NULL,
  errors          int8 NOT NULL,
  duration_ns_sum float8 NOT NULL,
  duration_class  int2[] NOT NULL,
  duration_calls  int4[] NOT NULL
);
COMMENT ON TABLE tracestore.operation_stats IS 'What operations did in every 10 seconds. Rows are only ever added, so several may have to be summed. What is still in operation_delta is not in here: read operation_rollup and operation_duration';
COMMENT ON COLUMN tracestore.operation_stats.time_bucket IS 'The start of the 10 seconds in which the spans started';
COMMENT ON COLUMN tracestore.operation_stats.duration_class IS '0 for no duration, else 1 + floor(8 * log2(duration in ns)): eight classes an octave';
COMMENT ON COLUMN tracestore.operation_stats.duration_calls IS 'For each element of duration_class how many of the calls had such a duration';

-- From here on these five tables are what the database can best do with rows that have a time.
DO $kept_by_time$
DECLARE
  extension_schema text := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb');
  timed record;
BEGIN
  FOR timed IN
    SELECT * FROM (VALUES ('span', 'start_time'), ('event', 'span_start_time'), ('link', 'span_start_time'),
      ('span_block', 'start_max'), ('operation_stats', 'time_bucket'))
      AS t (name, time_column)
  LOOP
    IF extension_schema IS NOT NULL THEN
      IF timed.name = 'span' THEN
        -- TimescaleDB compresses an int8 by its differences, and what it knows nothing of by a dictionary: that makes a
        -- third of ids that are random but come again and again.
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
      EXECUTE format('COMMENT ON TABLE tracestore.%I IS %L', timed.name, obj_description('tracestore.like_this'::regclass, 'pg_class'));
      EXECUTE format('CREATE TABLE tracestore.%I PARTITION OF tracestore.%I DEFAULT', timed.name || '_default', timed.name);
      DROP TABLE tracestore.like_this;
    END IF;
  END LOOP;
END
$kept_by_time$;

-- What each of these costs and buys is in docs/adr/0005-storage-by-time.md.
CREATE INDEX span_by_trace ON tracestore.span (trace_id);
CREATE INDEX span_by_operation ON tracestore.span (operation_id, start_time);
CREATE INDEX span_by_time ON tracestore.span USING brin (start_time) WITH (autosummarize = on);
CREATE INDEX event_by_span ON tracestore.event (trace_id, span_id);
CREATE INDEX event_by_time ON tracestore.event USING brin (time) WITH (autosummarize = on);
CREATE INDEX link_by_span ON tracestore.link (trace_id, span_id);
-- A search up to a time passes over the blocks of the hour behind it without a look at them, and one for slow spans over
-- those in which nothing took as long.
CREATE INDEX span_block_by_time ON tracestore.span_block (start_max, start_min, duration_ns_max);
CREATE INDEX span_block_by_transaction ON tracestore.span_block USING brin (transaction_id) WITH (autosummarize = on);
CREATE INDEX operation_stats_by_operation ON tracestore.operation_stats (operation_id, time_bucket);
CREATE INDEX operation_stats_by_time ON tracestore.operation_stats USING brin (time_bucket) WITH (autosummarize = on);

CREATE TABLE tracestore.operation_delta (
  time_bucket     timestamptz NOT NULL,
  operation_id    int8[] NOT NULL,
  duration_class  int2[] NOT NULL,
  calls           int4[] NOT NULL,
  errors          int4[] NOT NULL,
  duration_ns_sum float8[] NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);
COMMENT ON TABLE tracestore.operation_delta IS 'What a transaction adds to operation_stats: a row for each 10 seconds, arrays with an entry for each operation and class of duration. Writers only append, so they never wait for each other; the lifecycle moves the rows on';
-- The rows live for seconds: compressing what is too long for a page would cost more than it saves.
ALTER TABLE tracestore.operation_delta
  ALTER COLUMN operation_id SET STORAGE EXTERNAL,
  ALTER COLUMN duration_class SET STORAGE EXTERNAL,
  ALTER COLUMN calls SET STORAGE EXTERNAL,
  ALTER COLUMN errors SET STORAGE EXTERNAL,
  ALTER COLUMN duration_ns_sum SET STORAGE EXTERNAL;

CREATE VIEW tracestore.operation_rollup AS
SELECT
  time_bucket, operation_id,
  sum(calls)::int8 AS calls, sum(errors)::int8 AS errors, sum(duration_ns_sum) AS duration_ns_sum
FROM (
  SELECT time_bucket, operation_id, calls, errors, duration_ns_sum FROM tracestore.operation_stats
  UNION ALL
  SELECT d.time_bucket, entry.operation_id, entry.calls, entry.errors, entry.duration_ns_sum
  FROM tracestore.operation_delta d,
    unnest(d.operation_id, d.calls, d.errors, d.duration_ns_sum) AS entry (operation_id, calls, errors, duration_ns_sum)
) AS figures
GROUP BY time_bucket, operation_id;
COMMENT ON VIEW tracestore.operation_rollup IS 'Every figure once, whether it was moved on already or not';

CREATE VIEW tracestore.operation_duration AS
SELECT time_bucket, operation_id, duration_class, sum(calls)::int8 AS calls
FROM (
  SELECT s.time_bucket, s.operation_id, entry.duration_class, entry.calls
  FROM tracestore.operation_stats s, unnest(s.duration_class, s.duration_calls) AS entry (duration_class, calls)
  UNION ALL
  SELECT d.time_bucket, entry.operation_id, entry.duration_class, entry.calls
  FROM tracestore.operation_delta d,
    unnest(d.operation_id, d.duration_class, d.calls) AS entry (operation_id, duration_class, calls)
) AS figures
GROUP BY time_bucket, operation_id, duration_class;
COMMENT ON VIEW tracestore.operation_duration IS 'How many calls of operation_rollup had a duration of each class';

CREATE TABLE tracestore.ledger (
  received_at timestamptz NOT NULL DEFAULT now(),
  digest      bytea PRIMARY KEY
);
COMMENT ON TABLE tracestore.ledger IS 'The SHA-256 of every request that is stored, so that a retry stores nothing';
CREATE INDEX ledger_by_time ON tracestore.ledger USING brin (received_at) WITH (autosummarize = on);

-- Values that are too long for a page are compressed with lz4 where the server knows it: a fifth of pglz's time.
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
