-- What keeps the tables in shape: partitions ahead, what is beyond retention, compression, and dictionaries. Functions,
-- because names in DDL cannot be parameters. Each is called in a transaction of its own, by whom lock-lifecycle.sql lets
-- in, with a lock_timeout: what cannot have its lock at once is tried again later, and nobody waits behind it.

CREATE VIEW tracestore.timed_table AS
SELECT name, time_column
FROM (
  VALUES ('link', 'span_start_time'), ('event', 'span_start_time'), ('span', 'start_time'), ('span_block', 'start_max'),
    ('operation_stats', 'time_bucket'), ('call_10s', 'time_bucket'), ('call_5m', 'time_bucket'), ('call_1h', 'time_bucket'),
    ('service_call_10s', 'time_bucket'), ('service_call_5m', 'time_bucket'), ('service_call_1h', 'time_bucket')
) AS timed (name, time_column);
COMMENT ON VIEW tracestore.timed_table IS 'The tables that are kept by time, in the order in which they lose what is old';

CREATE VIEW tracestore.partition AS
SELECT
  t.name AS table_name,
  c.oid::regclass AS partition,
  bound.text = 'DEFAULT' AS is_default,
  CASE WHEN bound.text <> 'DEFAULT' THEN tstzrange(
    (regexp_match(bound.text, $$FROM \('([^']+)'\)$$))[1]::timestamptz,
    (regexp_match(bound.text, $$TO \('([^']+)'\)$$))[1]::timestamptz
  ) END AS time_range
FROM tracestore.timed_table t
JOIN pg_class parent
  ON parent.relname = t.name AND parent.relnamespace = 'tracestore'::regnamespace AND parent.relkind = 'p'
JOIN pg_inherits i ON i.inhparent = parent.oid
JOIN pg_class c ON c.oid = i.inhrelid
CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid)) AS bound (text);
COMMENT ON VIEW tracestore.partition IS 'The native partitions; none where the tables are hypertables';

CREATE FUNCTION tracestore.missing_partitions(
  p_table text, p_now timestamptz, p_width interval, p_behind int4, p_ahead int4, p_oldest timestamptz, p_enough int8
) RETURNS TABLE (range_start timestamptz, range_end timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  -- Slots of every width begin at midnight UTC, so that wide ones hold narrow ones, whatever the width was before.
  origin CONSTANT timestamptz := '2000-01-01 00:00:00+00';
  this_slot timestamptz := date_bin(p_width, p_now, origin);
  last_end timestamptz := this_slot + p_width * (p_ahead + 1);
  slots timestamptz[];
  strays timestamptz[];
BEGIN
  IF NOT EXISTS (SELECT FROM tracestore.partition p WHERE p.table_name = p_table) THEN RETURN; END IF;
  slots := ARRAY(
    SELECT slot FROM generate_series(this_slot - p_width * p_behind, last_end - p_width, p_width) AS slot
    WHERE slot + p_width > p_oldest
  );
  EXECUTE format(
    'SELECT ARRAY(SELECT date_bin($1, %1$I, $2) FROM tracestore.%2$I WHERE %1$I >= $3 AND %1$I < $4
       GROUP BY 1 HAVING count(*) >= $5)',
    (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table), p_table || '_default'
  ) INTO strays USING p_width, origin, p_oldest, last_end, p_enough;
  RETURN QUERY
    SELECT lower(gap), upper(gap)
    FROM (SELECT DISTINCT unnest(slots || strays) AS slot) AS wanted
    CROSS JOIN LATERAL unnest(
      tstzmultirange(tstzrange(wanted.slot, wanted.slot + p_width)) - coalesce(
        (
          SELECT range_agg(p.time_range) FROM tracestore.partition p
          WHERE p.table_name = p_table AND p.time_range && tstzrange(wanted.slot, wanted.slot + p_width)
        ),
        '{}'::tstzmultirange
      )
    ) AS gap
    ORDER BY 1;
END
$$;
COMMENT ON FUNCTION tracestore.missing_partitions IS 'The ranges that should have a partition and have none: some behind and ahead of now, and those of which the default partition holds p_enough rows';

CREATE FUNCTION tracestore.add_partition(p_table text, p_start timestamptz, p_end timestamptz) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  time_column text := (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table);
  new_partition text := p_table || '_' || to_char(p_start AT TIME ZONE 'UTC', 'YYYYMMDD_HH24MI');
  move text := format(
    'WITH moved AS (
       DELETE FROM tracestore.%1$I AS old WHERE %2$I >= %3$L AND %2$I < %4$L
       RETURNING old, pg_current_xact_id()::text::int8 - age(old.xmin) AS transaction_id
     )%6$s
     INSERT INTO tracestore.%5$I SELECT (old).* FROM moved',
    p_table || '_default', time_column, p_start, p_end, new_partition,
    -- By the transaction that wrote a span the count of calls knows whether it is new.
    CASE p_table WHEN 'span' THEN ', noted AS (
       INSERT INTO tracestore.moved_span (trace_id, span_id, start_time, instance, transaction_id)
       SELECT (old).trace_id, (old).span_id, (old).start_time, (old).instance, m.transaction_id
       FROM moved m JOIN tracestore.call_state s ON NOT pg_visible_in_snapshot(m.transaction_id::text::xid8, s.snapshot)
     )' END
  );
  moved_first int8;
  moved_last int8;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('tracestore.partition'), hashtext(p_table));
  IF EXISTS (
    SELECT FROM tracestore.partition p WHERE p.table_name = p_table AND p.time_range && tstzrange(p_start, p_end)
  ) THEN
    RETURN NULL;
  END IF;
  IF p_table = 'span' THEN
    INSERT INTO tracestore.span_move (transaction_id) VALUES (pg_current_xact_id()::text::int8);
  END IF;
  EXECUTE format('CREATE TABLE tracestore.%I (LIKE tracestore.%I INCLUDING ALL)', new_partition, p_table);
  EXECUTE move;
  GET DIAGNOSTICS moved_first = ROW_COUNT;
  -- So that attaching need not read it all again.
  EXECUTE format(
    'ALTER TABLE tracestore.%1$I ADD CONSTRAINT in_range CHECK (%2$I IS NOT NULL AND %2$I >= %3$L AND %2$I < %4$L)',
    new_partition, time_column, p_start, p_end
  );
  -- Attaching alone would let a writer go on that has looked up the partitions already, and its row for this range would
  -- be refused by the default partition. So writers are held off for this last, short part; readers are not.
  EXECUTE format('LOCK TABLE tracestore.%I IN SHARE ROW EXCLUSIVE MODE', p_table);
  EXECUTE move;
  GET DIAGNOSTICS moved_last = ROW_COUNT;
  EXECUTE format(
    'ALTER TABLE tracestore.%I ATTACH PARTITION tracestore.%I FOR VALUES FROM (%L) TO (%L)',
    p_table, new_partition, p_start, p_end
  );
  EXECUTE format('ALTER TABLE tracestore.%I DROP CONSTRAINT in_range', new_partition);
  RETURN moved_first + moved_last;
END
$$;
COMMENT ON FUNCTION tracestore.add_partition IS 'Makes a partition and moves into it what the default one holds of its range; the number of rows moved, NULL where the range has a partition already';

CREATE FUNCTION tracestore.drop_partition(p_table text, p_partition regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- CONCURRENTLY is not to be had beside a default partition. This waits for the queries of this table that run, and
  -- takes no time itself.
  EXECUTE format('ALTER TABLE tracestore.%I DETACH PARTITION %s', p_table, p_partition);
  EXECUTE format('DROP TABLE %s', p_partition);
END
$$;

CREATE FUNCTION tracestore.delete_strays(p_table text, p_cutoff timestamptz, p_limit int4) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  deleted int8;
BEGIN
  IF to_regclass('tracestore.' || p_table || '_default') IS NULL THEN RETURN 0; END IF;
  EXECUTE format(
    'DELETE FROM tracestore.%1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM tracestore.%1$I WHERE %2$I < $1 LIMIT $2))',
    p_table || '_default', (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table)
  ) USING p_cutoff, p_limit;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.delete_strays IS 'Deletes a portion of what the default partition holds from before the cutoff; the number of rows';

CREATE FUNCTION tracestore.timescale_schema() RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'
$$;

CREATE FUNCTION tracestore.drop_chunks(p_table text, p_cutoff timestamptz) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT %I.drop_chunks(%L::regclass, older_than => $1)::text', tracestore.timescale_schema(), 'tracestore.' || p_table
  ) USING p_cutoff;
END
$$;

CREATE FUNCTION tracestore.enable_compression(p_table text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF (
    SELECT h.compression_enabled FROM timescaledb_information.hypertables h
    WHERE h.hypertable_schema = 'tracestore' AND h.hypertable_name = p_table
  ) THEN
    RETURN false;
  END IF;
  -- In the order of time, in which the spans of a trace are neighbours too.
  EXECUTE format(
    'ALTER TABLE tracestore.%I SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
    p_table,
    CASE WHEN p_table IN ('operation_stats', 'call_5m', 'call_1h') THEN 'operation_id' ELSE '' END,
    (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table)
  );
  RETURN true;
END
$$;

CREATE FUNCTION tracestore.set_chunk_width(p_table text, p_width interval) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF (
    SELECT d.time_interval FROM timescaledb_information.dimensions d
    WHERE d.hypertable_schema = 'tracestore' AND d.hypertable_name = p_table
  ) = p_width THEN
    RETURN false;
  END IF;
  EXECUTE format(
    'SELECT %I.set_chunk_time_interval(%L::regclass, $1)', tracestore.timescale_schema(), 'tracestore.' || p_table
  ) USING p_width;
  RETURN true;
END
$$;

CREATE FUNCTION tracestore.compressible_chunks(p_cutoff timestamptz) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
  -- Status 1: compressed; 8: rows came later, which are not.
  RETURN QUERY
    SELECT format('%I.%I', k.chunk_schema, k.chunk_name)
    FROM timescaledb_information.chunks k
    JOIN _timescaledb_catalog.chunk c ON c.schema_name = k.chunk_schema AND c.table_name = k.chunk_name
    JOIN timescaledb_information.hypertables h
      ON h.hypertable_schema = k.hypertable_schema AND h.hypertable_name = k.hypertable_name AND h.compression_enabled
    WHERE k.hypertable_schema = 'tracestore' AND k.range_end <= p_cutoff AND (c.status & 1 = 0 OR c.status & 8 = 8)
    ORDER BY k.range_end;
END
$$;

CREATE FUNCTION tracestore.is_compressed(p_table text, p_time timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF tracestore.timescale_schema() IS NULL THEN RETURN false; END IF;
  RETURN EXISTS (
    SELECT FROM timescaledb_information.chunks k
    WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = p_table AND k.is_compressed
      AND k.range_start <= p_time AND k.range_end > p_time
  );
END
$$;
COMMENT ON FUNCTION tracestore.is_compressed IS 'Whether what is of this time is in a compressed chunk';

CREATE FUNCTION tracestore.compress_chunk(p_chunk text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  chunk record;
BEGIN
  SELECT k.range_start, k.range_end INTO chunk
  FROM timescaledb_information.chunks k
  WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = 'span' AND format('%I.%I', k.chunk_schema, k.chunk_name) = p_chunk;
  IF FOUND THEN
    -- Compressed spans pass for counted: first the count of calls has to have met them. Nobody adds any meanwhile.
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', p_chunk);
    IF tracestore.has_uncounted_spans(chunk.range_start, chunk.range_end) THEN RETURN false; END IF;
  END IF;
  IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
    PERFORM set_config('default_toast_compression', 'lz4', true);
  END IF;
  EXECUTE format('SELECT %I.compress_chunk($1::regclass)', tracestore.timescale_schema()) USING p_chunk;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.compress_chunk IS 'Compresses a chunk, with what came to it since it was compressed; false when it has to wait';

-- Dictionaries forget what nobody has written for long. Once an hour writers write again what they know, which changes
-- nothing but last_seen; so a row whose date is days behind is remembered by no writer.
CREATE FUNCTION tracestore.forget_entries(p_table text, p_now timestamptz, p_cutoff timestamptz, p_limit int4) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  deleted int8;
BEGIN
  -- Spans that are ahead of their time outlive others that came with them.
  EXECUTE format(
    'UPDATE tracestore.%1$I d SET last_seen = $1
     WHERE d.last_seen < $2 AND d.id IN (SELECT s.%2$I FROM tracestore.span s WHERE s.start_time > $1)',
    p_table, p_table || '_id'
  ) USING p_now, p_cutoff;
  EXECUTE format(
    'DELETE FROM tracestore.%1$I WHERE last_seen < $1 AND id = ANY (ARRAY(SELECT id FROM tracestore.%1$I WHERE last_seen < $1 ORDER BY id LIMIT $2))',
    p_table
  ) USING p_cutoff, p_limit;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION tracestore.forget_entries IS 'Deletes a portion of a dictionary: rows that nobody has written since the cutoff; the number of rows';
