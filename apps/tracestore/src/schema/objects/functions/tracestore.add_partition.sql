CREATE OR REPLACE FUNCTION tracestore.add_partition(p_table text, p_start timestamptz, p_end timestamptz) RETURNS int8
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
    -- A run finds new spans by the transaction that wrote them.
    CASE p_table WHEN 'span' THEN ', noted AS (
       INSERT INTO tracestore.moved_span (trace_id, span_id, start_time, instance, transaction_id)
       SELECT (old).trace_id, (old).span_id, (old).start_time, (old).instance, m.transaction_id
       FROM moved m JOIN tracestore.call_state s ON NOT pg_visible_in_snapshot(m.transaction_id::text::xid8, s.snapshot)
     )' END
  );
  moved_first int8;
  moved_last int8;
BEGIN
  LOCK TABLE tracestore.partition_lock IN EXCLUSIVE MODE;
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
  -- With this constraint ATTACH does not scan the table.
  EXECUTE format(
    'ALTER TABLE tracestore.%1$I ADD CONSTRAINT in_range CHECK (%2$I IS NOT NULL AND %2$I >= %3$L AND %2$I < %4$L)',
    new_partition, time_column, p_start, p_end
  );
  -- Without this lock a writer that has looked up the partitions before ATTACH could add a row of this range to the default
  -- partition, which then rejects it. Writers wait for this last, short part; readers do not.
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
COMMENT ON FUNCTION tracestore.add_partition IS 'Creates a partition and moves the rows of its range from the default partition into it. Returns the number of moved rows; NULL where the range has a partition already';
