-- The time of the lifecycle: which clock decides what is removed, and what no clock may remove.
-- docs/adr/0016-what-retention-may-drop.md gives the reasons.
--
-- Two times decide. The database's clock gives the age of a span by its start. The id of the transaction that wrote a span
-- gives the order of receipt, and no clock changes it. receipt_mark holds pairs of an observed time and the next transaction
-- id. Observed time advances only as far as stores saw time pass. Data is dropped after its retention has passed by both.

CREATE TABLE tracestore.lifecycle_time (
  observed_s float8 NOT NULL,
  epoch      int8 NOT NULL,
  epoch_s    float8 NOT NULL,
  noted_at   timestamptz,
  latest_at  timestamptz,
  noted_by   uuid
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX lifecycle_time_is_one_row ON tracestore.lifecycle_time ((true));
INSERT INTO tracestore.lifecycle_time (observed_s, epoch, epoch_s) VALUES (0, 1, 0);

CREATE TABLE tracestore.receipt_mark (
  next_id        int8 PRIMARY KEY,
  observed_s     float8 NOT NULL,
  transaction_id int8 NOT NULL DEFAULT pg_current_xact_id()::text::int8
);

CREATE TABLE tracestore.time_gap (
  before_id      int8 NOT NULL,
  gap_s          float8 NOT NULL,
  gap_from       timestamptz NOT NULL,
  gap_to         timestamptz NOT NULL,
  transaction_id int8 NOT NULL DEFAULT pg_current_xact_id()::text::int8
);

-- Marks the receipt of the data that the database holds already, from a sample of the ledger. Transaction ids below the id of
-- a request were assigned before the request was received.
DO $marks$
DECLARE
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  sampled_percent CONSTANT float8 := least(100, 100 * 16777216 / greatest(pg_relation_size('tracestore.ledger'), 1)::float8);
BEGIN
  EXECUTE format(
    $sample$
    INSERT INTO tracestore.receipt_mark (next_id, observed_s)
    SELECT next_id, max(observed_s)
    FROM (
      SELECT max($1 - age(l.xmin)) AS next_id, extract(epoch FROM date_bin('10 minutes', l.received_at, 'epoch') + interval '11 minutes' - now())::float8 AS observed_s
      FROM tracestore.ledger l TABLESAMPLE SYSTEM (%s)
      WHERE l.received_at < now() - interval '12 minutes'
      GROUP BY date_bin('10 minutes', l.received_at, 'epoch')
    ) AS sampled
    GROUP BY next_id
    $sample$, sampled_percent
  ) USING current_id;
END
$marks$;

-- A longer retention applies at once. A shorter one applies once it is confirmed, or after 24 hours.
CREATE TABLE tracestore.applied_retention (
  name            text PRIMARY KEY,
  applied_s       float8,
  pending_s       float8,
  pending_since_s float8,
  confirmed_s     float8
);
INSERT INTO tracestore.applied_retention (name, applied_s)
SELECT name, CASE WHEN name = 'traces' AND EXISTS (SELECT FROM tracestore.ledger) THEN
  (SELECT extract(epoch FROM coalesce(r.requested, r.configured))::float8 FROM tracestore.trace_retention r) END
FROM unnest(ARRAY['traces', 'aggregates', 'ledger']) AS name;

CREATE TABLE tracestore.held_part (
  part    regclass PRIMARY KEY,
  last_id int8 NOT NULL
);

ALTER TABLE tracestore.resource ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
ALTER TABLE tracestore.scope ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
ALTER TABLE tracestore.operation ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
