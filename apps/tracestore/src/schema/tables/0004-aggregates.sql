-- Aggregates of calls: how often an operation or a service calls another, errors, durations and self times. Also the state
-- of the aggregation that fills them. docs/adr/0010-deferred-rollups.md says how each span counts exactly once.
--
-- Rows are only ever added. A result is a sum over rows, and some rows are corrections with negative numbers. Aggregates
-- of 10 seconds are summed to 5 minutes and to an hour once these are over; call_state holds the times.

CREATE TABLE tracestore.call_10s (
  time_bucket         timestamptz NOT NULL,
  operation_id        int8 NOT NULL,
  parent_operation_id int8 NOT NULL,
  calls               int8 NOT NULL,
  errors              int8 NOT NULL,
  duration_ns_sum     float8 NOT NULL,
  self_ns_sum         float8 NOT NULL,
  duration_class      int2[] NOT NULL,
  duration_calls      int4[] NOT NULL,
  self_class          int2[] NOT NULL,
  self_calls          int4[] NOT NULL
);

CREATE TABLE tracestore.call_5m (
  time_bucket         timestamptz NOT NULL,
  operation_id        int8 NOT NULL,
  parent_operation_id int8 NOT NULL,
  calls               int8 NOT NULL,
  errors              int8 NOT NULL,
  duration_ns_sum     float8 NOT NULL,
  self_ns_sum         float8 NOT NULL,
  duration_class      int2[] NOT NULL,
  duration_calls      int4[] NOT NULL,
  self_class          int2[] NOT NULL,
  self_calls          int4[] NOT NULL
);

CREATE TABLE tracestore.call_1h (
  time_bucket         timestamptz NOT NULL,
  operation_id        int8 NOT NULL,
  parent_operation_id int8 NOT NULL,
  calls               int8 NOT NULL,
  errors              int8 NOT NULL,
  duration_ns_sum     float8 NOT NULL,
  self_ns_sum         float8 NOT NULL,
  duration_class      int2[] NOT NULL,
  duration_calls      int4[] NOT NULL,
  self_class          int2[] NOT NULL,
  self_calls          int4[] NOT NULL
);

CREATE TABLE tracestore.service_call_10s (
  time_bucket         timestamptz NOT NULL,
  service_name        text NOT NULL,
  parent_service_name text NOT NULL,
  is_root             boolean NOT NULL,
  calls               int8 NOT NULL,
  errors              int8 NOT NULL,
  duration_ns_sum     float8 NOT NULL,
  self_ns_sum         float8 NOT NULL,
  duration_class      int2[] NOT NULL,
  duration_calls      int4[] NOT NULL,
  self_class          int2[] NOT NULL,
  self_calls          int4[] NOT NULL
);

CREATE TABLE tracestore.service_call_5m (
  time_bucket         timestamptz NOT NULL,
  service_name        text NOT NULL,
  parent_service_name text NOT NULL,
  is_root             boolean NOT NULL,
  calls               int8 NOT NULL,
  errors              int8 NOT NULL,
  duration_ns_sum     float8 NOT NULL,
  self_ns_sum         float8 NOT NULL,
  duration_class      int2[] NOT NULL,
  duration_calls      int4[] NOT NULL,
  self_class          int2[] NOT NULL,
  self_calls          int4[] NOT NULL
);

CREATE TABLE tracestore.service_call_1h (
  time_bucket         timestamptz NOT NULL,
  service_name        text NOT NULL,
  parent_service_name text NOT NULL,
  is_root             boolean NOT NULL,
  calls               int8 NOT NULL,
  errors              int8 NOT NULL,
  duration_ns_sum     float8 NOT NULL,
  self_ns_sum         float8 NOT NULL,
  duration_class      int2[] NOT NULL,
  duration_calls      int4[] NOT NULL,
  self_class          int2[] NOT NULL,
  self_calls          int4[] NOT NULL
);

-- Makes a hypertable or a partitioned table of each of these six.
DO $kept_by_time$
DECLARE
  extension_schema text := tracestore.timescale_schema();
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['call_10s', 'call_5m', 'call_1h', 'service_call_10s', 'service_call_5m', 'service_call_1h'] LOOP
    IF extension_schema IS NOT NULL THEN
      EXECUTE format(
        'SELECT %I.create_hypertable(%L::regclass, %L::name, chunk_time_interval => interval %L, create_default_indexes => false)',
        extension_schema, 'tracestore.' || name, 'time_bucket', '1 day'
      );
    ELSE
      EXECUTE format('ALTER TABLE tracestore.%I RENAME TO like_this', name);
      EXECUTE format('CREATE TABLE tracestore.%I (LIKE tracestore.like_this) PARTITION BY RANGE (time_bucket)', name);
      EXECUTE format('CREATE TABLE tracestore.%I PARTITION OF tracestore.%I DEFAULT', name || '_default', name);
      DROP TABLE tracestore.like_this;
    END IF;
  END LOOP;
END
$kept_by_time$;

CREATE INDEX call_10s_by_time ON tracestore.call_10s USING brin (time_bucket) WITH (autosummarize = on, pages_per_range = 16);
CREATE INDEX call_10s_by_operation ON tracestore.call_10s (operation_id, time_bucket);
CREATE INDEX call_10s_by_parent ON tracestore.call_10s (parent_operation_id, time_bucket);
CREATE INDEX call_5m_by_time ON tracestore.call_5m USING brin (time_bucket) WITH (autosummarize = on, pages_per_range = 16);
CREATE INDEX call_5m_by_operation ON tracestore.call_5m (operation_id, time_bucket);
CREATE INDEX call_5m_by_parent ON tracestore.call_5m (parent_operation_id, time_bucket);
CREATE INDEX call_1h_by_time ON tracestore.call_1h USING brin (time_bucket) WITH (autosummarize = on, pages_per_range = 16);
CREATE INDEX call_1h_by_operation ON tracestore.call_1h (operation_id, time_bucket);
CREATE INDEX call_1h_by_parent ON tracestore.call_1h (parent_operation_id, time_bucket);
CREATE INDEX service_call_10s_by_time ON tracestore.service_call_10s (time_bucket);
CREATE INDEX service_call_5m_by_time ON tracestore.service_call_5m (time_bucket);
CREATE INDEX service_call_1h_by_time ON tracestore.service_call_1h (time_bucket);

CREATE TABLE tracestore.call_state (
  snapshot       pg_snapshot NOT NULL,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  rolled_5m      timestamptz NOT NULL,
  rolled_1h      timestamptz NOT NULL,
  counted_at     timestamptz
);
CREATE UNIQUE INDEX call_state_is_one_row ON tracestore.call_state ((true));
-- Transaction ids begin with 3, so this snapshot sees no transaction.
INSERT INTO tracestore.call_state (snapshot, rolled_5m, rolled_1h)
SELECT '3:3:', date_trunc('hour', now()), date_trunc('hour', now());

CREATE TABLE tracestore.span_move (
  transaction_id int8 PRIMARY KEY
);

CREATE TABLE tracestore.moved_span (
  trace_id       uuid NOT NULL,
  span_id        int8 NOT NULL,
  start_time     timestamptz NOT NULL,
  instance       int4 NOT NULL,
  transaction_id int8 NOT NULL
);
CREATE INDEX moved_span_by_trace ON tracestore.moved_span (trace_id);

CREATE TABLE tracestore.call_recount (
  start_from timestamptz NOT NULL,
  start_to   timestamptz NOT NULL,
  snapshot   pg_snapshot NOT NULL
);

CREATE TABLE tracestore.late_call (
  table_name  text NOT NULL,
  time_bucket timestamptz NOT NULL,
  added_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TYPE tracestore.trace_bounds AS (trace_id uuid, start_min timestamptz, start_max timestamptz);
