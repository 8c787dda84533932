-- The lifecycle's time: which clock decides what is removed, and what no clock may remove.
-- docs/adr/0016-what-retention-may-drop.md gives the reasons.
--
-- Two times decide. The database's clock says how old a span is by its own start. When a span was received is known by
-- the id of the transaction that wrote it: ids are given in the order of receipt, whatever any clock says. receipt_mark
-- notes which id was next at which observed time; observed time advances only as far as stores saw time pass. Nothing is
-- dropped before the retention has passed by both.

CREATE FUNCTION tracestore.database_time() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;
COMMENT ON FUNCTION tracestore.database_time IS 'The one clock of the lifecycle: every statement that decides by time takes it from here';

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
COMMENT ON TABLE tracestore.lifecycle_time IS 'Observed time, and the epoch of the dictionaries; one row';
COMMENT ON COLUMN tracestore.lifecycle_time.observed_s IS 'Seconds that stores have observed to pass, from any start';
COMMENT ON COLUMN tracestore.lifecycle_time.epoch IS 'Grows by 1 every hour of observed time. A writer''s knowledge of the dictionaries is valid in the epoch in which it was gained and in the next one';
COMMENT ON COLUMN tracestore.lifecycle_time.epoch_s IS 'observed_s when the epoch began';
COMMENT ON COLUMN tracestore.lifecycle_time.noted_at IS 'The database''s clock when the row was last written';
COMMENT ON COLUMN tracestore.lifecycle_time.latest_at IS 'The latest time that the database''s clock has shown';
COMMENT ON COLUMN tracestore.lifecycle_time.noted_by IS 'The store that wrote the row last';

CREATE TABLE tracestore.receipt_mark (
  next_id        int8 PRIMARY KEY,
  observed_s     float8 NOT NULL,
  transaction_id int8 NOT NULL DEFAULT pg_current_xact_id()::text::int8
);
COMMENT ON TABLE tracestore.receipt_mark IS 'What transactions with ids below next_id wrote was received by this observed time';
COMMENT ON COLUMN tracestore.receipt_mark.transaction_id IS 'The transaction that wrote this row. In a database that was restored from a dump another one did; ids of transactions then say nothing';

CREATE TABLE tracestore.time_gap (
  before_id      int8 NOT NULL,
  gap_s          float8 NOT NULL,
  gap_from       timestamptz NOT NULL,
  gap_to         timestamptz NOT NULL,
  transaction_id int8 NOT NULL DEFAULT pg_current_xact_id()::text::int8
);
COMMENT ON TABLE tracestore.time_gap IS 'Times by which the database''s clock went ahead while no store observed it. They are not in observed_s, so what transactions below before_id wrote is kept for longer';

-- Marks for what is here already, from a sample of the ledger: the ids below that of a request were given before it came.
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

CREATE FUNCTION tracestore.observe_time(p_store uuid, p_elapsed_s float8, p_longest_gap_s float8, p_longest_kept_s float8)
RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
  seconds_per_epoch CONSTANT float8 := 3600;
  seconds_per_mark CONSTANT float8 := 600;
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  time_now CONSTANT timestamptz := tracestore.database_time();
  state tracestore.lifecycle_time;
  by_store_s float8;
  by_clock_s float8;
  passed_s float8;
  gap_s float8;
  epochs int8;
BEGIN
  SELECT * INTO STRICT state FROM tracestore.lifecycle_time FOR UPDATE;
  DELETE FROM tracestore.receipt_mark m WHERE m.xmin::text <> (m.transaction_id & 4294967295)::text;
  IF FOUND THEN DELETE FROM tracestore.held_part; END IF;
  DELETE FROM tracestore.time_gap g WHERE g.xmin::text <> (g.transaction_id & 4294967295)::text;
  -- A process measures how much time passes without any clock of the day. Between two processes there is only the
  -- database's clock, which may have been set: it counts if it went ahead by as much as a restart takes.
  by_store_s := CASE WHEN state.noted_by = p_store THEN greatest(p_elapsed_s, 0) ELSE 0 END;
  by_clock_s := coalesce(extract(epoch FROM time_now - state.noted_at), 0);
  -- A clock that was set back goes through the same hours again: they count once.
  passed_s := greatest(by_store_s, least(by_clock_s, coalesce(extract(epoch FROM time_now - state.latest_at), 0)));
  IF passed_s > by_store_s + p_longest_gap_s THEN
    gap_s := passed_s - by_store_s;
    passed_s := by_store_s;
    INSERT INTO tracestore.time_gap (before_id, gap_s, gap_from, gap_to) VALUES (current_id, gap_s, state.noted_at, time_now);
  END IF;
  state.observed_s := state.observed_s + passed_s;
  epochs := floor((state.observed_s - state.epoch_s) / seconds_per_epoch);
  state.epoch := state.epoch + epochs;
  state.epoch_s := state.epoch_s + epochs * seconds_per_epoch;
  UPDATE tracestore.lifecycle_time SET
    observed_s = state.observed_s, epoch = state.epoch, epoch_s = state.epoch_s,
    noted_at = time_now, latest_at = greatest(state.latest_at, time_now), noted_by = p_store;
  IF NOT EXISTS (SELECT FROM tracestore.receipt_mark m WHERE m.observed_s > state.observed_s - seconds_per_mark) THEN
    INSERT INTO tracestore.receipt_mark (next_id, observed_s) VALUES (current_id, state.observed_s);
    -- Twice as long as anything is kept: what is received late keeps what came before it.
    DELETE FROM tracestore.receipt_mark m WHERE m.observed_s < state.observed_s - 2 * p_longest_kept_s;
    DELETE FROM tracestore.time_gap g WHERE g.before_id < (SELECT min(m.next_id) FROM tracestore.receipt_mark m);
  END IF;
  RETURN gap_s;
END
$$;
COMMENT ON FUNCTION tracestore.observe_time IS 'Advances observed time. p_store says that p_elapsed_s seconds have passed since it last did so. Returns by how many seconds the database''s clock went ahead beyond that and p_longest_gap_s, NULL if it did not: they are not counted until confirm_time_gap';

CREATE FUNCTION tracestore.receipt_cutoff(p_kept_s float8) RETURNS int8
LANGUAGE sql STABLE AS $$
  SELECT max(m.next_id)
  FROM tracestore.receipt_mark m
  WHERE m.observed_s <= (SELECT t.observed_s FROM tracestore.lifecycle_time t) - p_kept_s
    AND m.xmin::text = (m.transaction_id & 4294967295)::text
$$;
COMMENT ON FUNCTION tracestore.receipt_cutoff IS 'What transactions with smaller ids wrote was received more than p_kept_s seconds of observed time ago; NULL if that is known of none';

CREATE FUNCTION ps_trace.confirm_time_gap() RETURNS interval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  whole_gap_s float8;
BEGIN
  PERFORM FROM tracestore.lifecycle_time FOR UPDATE;
  SELECT sum(g.gap_s) INTO whole_gap_s FROM tracestore.time_gap g;
  IF whole_gap_s IS NULL THEN RETURN interval '0'; END IF;
  UPDATE tracestore.receipt_mark m SET
    transaction_id = pg_current_xact_id()::text::int8,
    observed_s = m.observed_s + coalesce((SELECT sum(g.gap_s) FROM tracestore.time_gap g WHERE g.before_id <= m.next_id), 0)
  WHERE m.xmin::text = (m.transaction_id & 4294967295)::text;
  UPDATE tracestore.lifecycle_time SET observed_s = observed_s + whole_gap_s;
  -- A shorter retention waits as long as it would have.
  UPDATE tracestore.applied_retention SET pending_since_s = pending_since_s + whole_gap_s;
  DELETE FROM tracestore.time_gap;
  RETURN justify_hours(make_interval(secs => whole_gap_s));
END
$$;
COMMENT ON FUNCTION ps_trace.confirm_time_gap IS 'Says that the database''s clock is right after it went ahead by more than stores could observe, as when no store ran for long: what came before is then as old as the clock says. Returns that time. For the owner and whom it grants EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.confirm_time_gap FROM PUBLIC;

-- What is kept for how long. A longer retention counts at once, a shorter one when it was confirmed or has waited.
CREATE TABLE tracestore.applied_retention (
  name            text PRIMARY KEY,
  applied_s       float8,
  pending_s       float8,
  pending_since_s float8,
  confirmed_s     float8
);
COMMENT ON TABLE tracestore.applied_retention IS 'For how long the lifecycle keeps traces, aggregates and the ledger, in seconds';
COMMENT ON COLUMN tracestore.applied_retention.applied_s IS 'What the lifecycle keeps to; NULL until it ran';
COMMENT ON COLUMN tracestore.applied_retention.pending_s IS 'A shorter retention that waits';
COMMENT ON COLUMN tracestore.applied_retention.pending_since_s IS 'Since when, in observed time';
COMMENT ON COLUMN tracestore.applied_retention.confirmed_s IS 'What confirm_trace_retention was called with, until it is applied';
INSERT INTO tracestore.applied_retention (name, applied_s)
SELECT name, CASE WHEN name = 'traces' AND EXISTS (SELECT FROM tracestore.ledger) THEN
  (SELECT extract(epoch FROM coalesce(r.requested, r.configured))::float8 FROM tracestore.trace_retention r) END
FROM unnest(ARRAY['traces', 'aggregates', 'ledger']) AS name;

CREATE FUNCTION tracestore.apply_retention(p_name text, p_wanted_s float8, p_wait_s float8)
RETURNS TABLE (applied_s float8, pending_s float8)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  kept tracestore.applied_retention;
  was tracestore.applied_retention;
  observed_s CONSTANT float8 := (SELECT t.observed_s FROM tracestore.lifecycle_time t);
BEGIN
  SELECT * INTO STRICT kept FROM tracestore.applied_retention a WHERE a.name = p_name;
  was := kept;
  IF kept.confirmed_s IS NOT NULL AND abs(kept.confirmed_s - p_wanted_s) >= 0.001 THEN kept.confirmed_s := NULL; END IF;
  IF kept.pending_s IS NULL OR kept.pending_s <> p_wanted_s THEN kept.pending_since_s := observed_s; END IF;
  IF kept.applied_s IS NULL OR p_wanted_s >= kept.applied_s OR kept.confirmed_s IS NOT NULL
    OR observed_s - kept.pending_since_s >= p_wait_s
  THEN
    kept := ROW(p_name, p_wanted_s, NULL, NULL, NULL)::tracestore.applied_retention;
  ELSE
    kept.pending_s := p_wanted_s;
  END IF;
  IF kept IS DISTINCT FROM was THEN
    UPDATE tracestore.applied_retention a SET
      applied_s = kept.applied_s, pending_s = kept.pending_s, pending_since_s = kept.pending_since_s, confirmed_s = kept.confirmed_s
    WHERE a.name = p_name;
  END IF;
  RETURN QUERY SELECT kept.applied_s, kept.pending_s;
END
$$;
COMMENT ON FUNCTION tracestore.apply_retention IS 'For how many seconds to keep traces, aggregates or the ledger when p_wanted_s is wanted: a shorter time than before counts once it was confirmed, or wanted without a break for p_wait_s seconds of observed time';

CREATE FUNCTION ps_trace.confirm_trace_retention(_trace_retention_period interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  confirmed CONSTANT float8 := extract(epoch FROM _trace_retention_period);
BEGIN
  IF NOT EXISTS (
    SELECT FROM tracestore.trace_retention r WHERE abs(extract(epoch FROM coalesce(r.requested, r.configured)) - confirmed) < 0.001
    UNION ALL
    SELECT FROM tracestore.applied_retention a WHERE abs(a.pending_s - confirmed) < 0.001
  ) THEN
    RAISE EXCEPTION 'no retention period of % is set', _trace_retention_period USING
      ERRCODE = 'invalid_parameter_value',
      HINT = format('The one that is set is %s.', ps_trace.get_trace_retention_period());
  END IF;
  UPDATE tracestore.applied_retention SET confirmed_s = confirmed;
  RETURN true;
END
$$;
COMMENT ON FUNCTION ps_trace.confirm_trace_retention IS 'Lets a shorter retention period count within minutes instead of after 24 hours: the one that is set, named again so that a slip is noticed; always true. What is older is then deleted. For the owner and whom it grants EXECUTE';
REVOKE ALL ON FUNCTION ps_trace.confirm_trace_retention FROM PUBLIC;

CREATE OR REPLACE FUNCTION ps_trace.set_trace_retention_period(_trace_retention_period interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- In seconds, as years and months have no length of their own.
  IF extract(epoch FROM _trace_retention_period)::float8 NOT BETWEEN 3600 AND 36500 * 86400::float8 THEN
    RAISE EXCEPTION 'a retention period is at least 1 hour and at most 36500 days, not %', _trace_retention_period
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE tracestore.trace_retention SET requested = _trace_retention_period;
  RETURN true;
END
$$;
COMMENT ON FUNCTION ps_trace.set_trace_retention_period IS 'Sets for how long spans are kept after their start and after they were received, whichever is later, at least an hour; always true. It counts instead of what the store is configured to. A longer period counts from the next run of the lifecycle on, a shorter one after 24 hours or when it was confirmed with confirm_trace_retention. NULL returns to the configuration. For the owner and whom it grants EXECUTE';
COMMENT ON FUNCTION ps_trace.get_trace_retention_period IS 'For how long spans are kept after their start and after they were received, whichever is later; a shorter period than before counts after 24 hours or when it was confirmed';

-- By name, so that what is no trace stays, whatever tables there will be.
CREATE OR REPLACE FUNCTION ps_trace.delete_all_traces() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- All at once, so that no aggregate stays of spans that are gone; in the order in which writers and the count of calls
  -- take their locks. What spans share stays: writers know that it is there.
  EXECUTE (
    SELECT 'TRUNCATE tracestore.ledger, tracestore.span, ' || string_agg('tracestore.' || name, ', ' ORDER BY name)
    FROM (
      SELECT t.name FROM tracestore.timed_table t WHERE t.name <> 'span'
      UNION ALL
      SELECT unnest(ARRAY['operation_delta', 'span_move', 'moved_span', 'call_recount', 'late_call'])
    ) AS emptied
  );
END
$$;

CREATE FUNCTION tracestore.age_cutoff(p_table text, p_kept_s float8) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE
    -- Aggregates of 10 seconds stay until they are in those of 5 minutes.
    WHEN p_table IN ('call_10s', 'service_call_10s') THEN
      least(tracestore.database_time() - make_interval(secs => p_kept_s), (SELECT s.rolled_5m FROM tracestore.call_state s))
    ELSE tracestore.database_time() - make_interval(secs => p_kept_s)
  END;
END
$$;
COMMENT ON FUNCTION tracestore.age_cutoff IS 'What a table holds from before this time is beyond p_kept_s seconds by its own time';

CREATE FUNCTION tracestore.future_cutoff() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT tracestore.database_time() + interval '10 days' $$;
COMMENT ON FUNCTION tracestore.future_cutoff IS 'No clock is right that shows a later time: what is from after this time is kept for the retention after its receipt, and not until its time has come. Beyond the partitions that are made ahead';

CREATE TABLE tracestore.held_part (
  part    regclass PRIMARY KEY,
  last_id int8 NOT NULL
);
COMMENT ON TABLE tracestore.held_part IS 'Partitions and chunks of aggregates that were looked at when their time was over, and the last transaction that had written to them then: they need not be read again before that is old enough';

CREATE FUNCTION tracestore.time_part(p_table text)
RETURNS TABLE (part regclass, time_range tstzrange, is_compressed boolean)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF EXISTS (SELECT FROM tracestore.partition p WHERE p.table_name = p_table) THEN
    RETURN QUERY SELECT p.partition, p.time_range, false FROM tracestore.partition p WHERE p.table_name = p_table AND NOT p.is_default;
  ELSE
    RETURN QUERY
      SELECT format('%I.%I', k.chunk_schema, k.chunk_name)::regclass, tstzrange(k.range_start, k.range_end), coalesce(k.is_compressed, false)
      FROM timescaledb_information.chunks k
      WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = p_table;
  END IF;
END
$$;
COMMENT ON FUNCTION tracestore.time_part IS 'The parts of a table that hold a range of time each: partitions without the default one, or chunks';

CREATE FUNCTION tracestore.expired_parts(p_table text, p_kept_s float8) RETURNS TABLE (part regclass, time_range tstzrange)
LANGUAGE plpgsql AS $$
DECLARE
  past CONSTANT timestamptz := tracestore.age_cutoff(p_table, p_kept_s);
  future CONSTANT timestamptz := tracestore.future_cutoff();
BEGIN
  RETURN QUERY
    SELECT p.part, p.time_range FROM tracestore.time_part(p_table) p
    WHERE upper(p.time_range) <= past OR lower(p.time_range) >= future
    ORDER BY upper(p.time_range);
END
$$;
COMMENT ON FUNCTION tracestore.expired_parts IS 'The parts whose time is beyond p_kept_s seconds, oldest first; when their rows were received is another question';

CREATE FUNCTION tracestore.is_received_since(p_table text, p_part regclass, p_range tstzrange, p_since int8) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  last int8;
BEGIN
  IF p_since IS NULL THEN RETURN true; END IF;
  IF p_table IN ('span', 'event', 'link', 'span_block') THEN
    RETURN EXISTS (
      SELECT FROM tracestore.span_block b
      WHERE b.start_max >= lower(p_range) AND b.start_max < upper(p_range) + interval '1 hour' AND b.start_min < upper(p_range)
        -- A dump that was restored brings ids of another server.
        AND b.transaction_id >= p_since AND b.transaction_id <= current_id
    );
  END IF;
  SELECT h.last_id INTO last FROM tracestore.held_part h WHERE h.part = p_part;
  IF last >= p_since THEN RETURN true; END IF;
  EXECUTE format('SELECT max($1 - age(xmin)) FROM ONLY %s', p_part) INTO last USING current_id;
  IF coalesce(last, 0) < p_since THEN RETURN false; END IF;
  INSERT INTO tracestore.held_part (part, last_id) VALUES (p_part, last)
  ON CONFLICT (part) DO UPDATE SET last_id = excluded.last_id;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.is_received_since IS 'Whether a part holds something that a transaction of at least this id wrote; true where p_since is NULL. Spans, events and links are asked by the blocks of their time, which may be those of a neighbouring part';

CREATE FUNCTION tracestore.drop_part(p_table text, p_part regclass, p_kept_s float8) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  expired record;
  since CONSTANT int8 := tracestore.receipt_cutoff(p_kept_s);
BEGIN
  SELECT * INTO expired FROM tracestore.expired_parts(p_table, p_kept_s) e WHERE e.part = p_part;
  IF NOT FOUND THEN RETURN false; END IF;
  IF tracestore.is_received_since(p_table, p_part, expired.time_range, since) THEN RETURN false; END IF;
  -- Again when nobody writes to it: a transaction may have done so that had not ended.
  EXECUTE format('LOCK TABLE %s IN SHARE MODE', p_part);
  IF tracestore.is_received_since(p_table, p_part, expired.time_range, since) THEN RETURN false; END IF;
  DELETE FROM tracestore.held_part h WHERE h.part = p_part;
  IF EXISTS (SELECT FROM tracestore.partition p WHERE p.partition = p_part) THEN
    PERFORM tracestore.drop_partition(p_table, p_part);
  ELSE
    EXECUTE format(
      'SELECT %I.drop_chunks(%L::regclass, older_than => $1, newer_than => $2)', tracestore.timescale_schema(), 'tracestore.' || p_table
    ) USING upper(expired.time_range), lower(expired.time_range);
  END IF;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.drop_part IS 'Drops a partition or a chunk if its time is over and nothing in it was received within p_kept_s seconds; whether it did';

CREATE FUNCTION tracestore.mixed_parts(p_table text, p_kept_s float8) RETURNS SETOF regclass
LANGUAGE plpgsql AS $$
DECLARE
  -- So long after a part could have been dropped, all that it got in its time is old: what holds it still will come on.
  long_past CONSTANT timestamptz := tracestore.age_cutoff(p_table, 2 * p_kept_s);
  future CONSTANT timestamptz := tracestore.future_cutoff();
BEGIN
  RETURN QUERY
    SELECT p.partition FROM tracestore.partition p WHERE p.table_name = p_table AND p.is_default
    UNION ALL
    SELECT p.part FROM tracestore.time_part(p_table) p
    WHERE (upper(p.time_range) <= long_past OR lower(p.time_range) >= future) AND NOT p.is_compressed;
END
$$;
COMMENT ON FUNCTION tracestore.mixed_parts IS 'The parts that lose row by row what is beyond p_kept_s seconds: the default partition, and those that senders with a wrong clock keep writing to';

CREATE FUNCTION tracestore.delete_expired_rows(p_table text, p_part regclass, p_kept_s float8, p_limit int4) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  received_before CONSTANT int8 := tracestore.receipt_cutoff(p_kept_s);
  deleted int8;
BEGIN
  IF received_before IS NULL THEN RETURN 0; END IF;
  EXECUTE format(
    'DELETE FROM ONLY %1$s WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM ONLY %1$s WHERE (%2$I < $1 OR %2$I >= $2) AND $3 - age(xmin) < $4 LIMIT $5
     ))',
    p_part, (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table)
  ) USING tracestore.age_cutoff(p_table, p_kept_s), tracestore.future_cutoff(), current_id, received_before, p_limit;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.delete_expired_rows IS 'Deletes a batch of the rows of a part whose time is over and which were received more than p_kept_s seconds ago; the number of rows';

CREATE FUNCTION tracestore.forget_requests(p_kept_s float8, p_limit int4) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  time_now CONSTANT timestamptz := tracestore.database_time();
  received_before CONSTANT int8 := tracestore.receipt_cutoff(p_kept_s);
  deleted int8;
BEGIN
  IF received_before IS NULL THEN RETURN 0; END IF;
  DELETE FROM tracestore.ledger WHERE ctid = ANY (ARRAY(
    SELECT l.ctid FROM tracestore.ledger l
    WHERE (l.received_at < time_now - make_interval(secs => p_kept_s) OR l.received_at >= tracestore.future_cutoff())
      AND current_id - age(l.xmin) < received_before
    LIMIT p_limit
  ));
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.forget_requests IS 'Deletes a batch of the ledger: requests that were received more than p_kept_s seconds ago, by the database''s clock and by observed time; the number of rows';

-- Who relies on an entry of a dictionary: spans that are stored, aggregates, and writers that know that it is there.
-- Writers say so at the latest one epoch after they learned it (require_epoch), and write entries again in each epoch, which
-- changes last_seen and xmin. So an entry that was not written for days is known to no writer, and no span refers to it that
-- was received since.
CREATE FUNCTION tracestore.require_epoch(p_epoch int8) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  current_epoch CONSTANT int8 := (SELECT t.epoch FROM tracestore.lifecycle_time t);
BEGIN
  IF p_epoch BETWEEN current_epoch - 1 AND current_epoch THEN RETURN true; END IF;
  RAISE EXCEPTION 'what the writer knows of the dictionaries is of epoch %, and this is epoch %', p_epoch, current_epoch
    USING ERRCODE = 'SPE01';
END
$$;
COMMENT ON FUNCTION tracestore.require_epoch IS 'True, or SQLSTATE SPE01 where what a writer knows of the dictionaries was learned in an epoch before the last one';

ALTER TABLE tracestore.resource ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
ALTER TABLE tracestore.scope ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();
ALTER TABLE tracestore.operation ALTER COLUMN last_seen SET DEFAULT tracestore.database_time();

DROP FUNCTION tracestore.forget_entries(text, timestamptz, timestamptz, int4);
CREATE FUNCTION tracestore.forget_entries(p_table text, p_kept_s float8, p_limit int4) RETURNS int8
LANGUAGE plpgsql
-- Each operation is looked up in the index of aggregates: these may be large.
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  seconds_before_use CONSTANT float8 := 2 * 86400;
  current_id CONSTANT int8 := pg_current_xact_id()::text::int8;
  time_now CONSTANT timestamptz := tracestore.database_time();
  written_before int8 := tracestore.receipt_cutoff(p_kept_s);
  oldest_id int8;
  is_unused text := 'true';
  deleted int8;
BEGIN
  IF written_before IS NULL THEN RETURN 0; END IF;
  -- Spans that outlive others, as they are ahead of their time or in a part with later ones: what they refer to was
  -- written at most an epoch or two before they came.
  SELECT min(b.transaction_id) INTO oldest_id FROM tracestore.span_block b WHERE b.transaction_id < written_before;
  IF oldest_id IS NOT NULL THEN
    SELECT max(m.next_id) INTO written_before
    FROM tracestore.receipt_mark m
    WHERE m.observed_s <= (SELECT max(o.observed_s) FROM tracestore.receipt_mark o WHERE o.next_id <= oldest_id) - seconds_before_use;
    IF written_before IS NULL THEN RETURN 0; END IF;
  END IF;
  EXECUTE format(
    'UPDATE tracestore.%1$I d SET last_seen = $1
     WHERE d.last_seen < $2 AND d.id IN (SELECT s.%2$I FROM tracestore.span s WHERE s.start_time > $1)',
    p_table, p_table || '_id'
  ) USING time_now, time_now - make_interval(secs => p_kept_s);
  IF p_table = 'operation' THEN
    is_unused := 'NOT EXISTS (SELECT FROM tracestore.operation_stats u WHERE u.operation_id = d.id)
      AND NOT EXISTS (SELECT FROM tracestore.call_5m u WHERE u.operation_id = d.id)
      AND NOT EXISTS (SELECT FROM tracestore.call_1h u WHERE u.operation_id = d.id)';
  END IF;
  EXECUTE format(
    'DELETE FROM tracestore.%1$I WHERE last_seen < $1 AND $2 - age(xmin) < $3 AND id = ANY (ARRAY(
       SELECT d.id FROM tracestore.%1$I d WHERE d.last_seen < $1 AND $2 - age(d.xmin) < $3 AND %2$s ORDER BY d.id LIMIT $4
     ))',
    p_table, is_unused
  ) USING time_now - make_interval(secs => p_kept_s), current_id, written_before, p_limit;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.forget_entries IS 'Deletes a batch of a dictionary: entries that no writer has written for p_kept_s seconds, by the database''s clock and by observed time, and that nothing stored refers to; the number of rows';

DROP FUNCTION tracestore.delete_strays(text, timestamptz, int4);
DROP FUNCTION tracestore.drop_chunks(text, timestamptz);
DROP FUNCTION tracestore.compressible_chunks(timestamptz);
CREATE FUNCTION tracestore.compressible_chunks(p_table text, p_after_s float8, p_kept_s float8) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
  time_now CONSTANT timestamptz := tracestore.database_time();
BEGIN
  -- Status 1: compressed; 8: rows came later, which are not. What is beyond retention is dropped soon, or loses single rows.
  RETURN QUERY
    SELECT format('%I.%I', k.chunk_schema, k.chunk_name)
    FROM timescaledb_information.chunks k
    JOIN _timescaledb_catalog.chunk c ON c.schema_name = k.chunk_schema AND c.table_name = k.chunk_name
    JOIN timescaledb_information.hypertables h
      ON h.hypertable_schema = k.hypertable_schema AND h.hypertable_name = k.hypertable_name AND h.compression_enabled
    WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = p_table
      AND k.range_end <= time_now - make_interval(secs => p_after_s)
      AND k.range_end > time_now - make_interval(secs => p_kept_s)
      AND (c.status & 1 = 0 OR c.status & 8 = 8)
    ORDER BY k.range_end;
END
$$;
COMMENT ON FUNCTION tracestore.compressible_chunks IS 'The chunks of a hypertable that ended more than p_after_s and less than p_kept_s seconds ago and are not compressed, or not all of them';
