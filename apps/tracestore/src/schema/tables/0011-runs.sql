-- The state of an aggregation run as a value, and the table of the views and functions that the database has.

CREATE TYPE tracestore.run AS (
  seen_before pg_snapshot,
  seen_after  pg_snapshot,
  slice       tstzrange
);

CREATE TABLE tracestore.schema_object (
  name     text PRIMARY KEY,
  checksum text NOT NULL,
  revision int4 NOT NULL
);

-- Functions that earlier builds made and that no file in objects/ defines. IF EXISTS, because a new database has none.
DROP FUNCTION IF EXISTS
  tracestore.begin_call_pass(int8), tracestore.traces_of_pass(), tracestore.spans_of_pass(),
  tracestore.end_call_pass(boolean, timestamptz), tracestore.delete_strays(text, timestamptz, int4),
  tracestore.drop_chunks(text, timestamptz), tracestore.call_figure(timestamptz[]), tracestore.finest_figures_kept();

-- Builds between two commits of this schema made a column and left a default out.
ALTER TABLE tracestore.console_session DROP COLUMN IF EXISTS token_key;
ALTER TABLE tracestore.resource ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
ALTER TABLE tracestore.scope ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
ALTER TABLE tracestore.operation ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
