-- Drops the calls counted by operation within each write transaction: no query reads them. The aggregates call_10s,
-- call_5m and call_1h hold the same numbers, by parent operation, a few seconds later.

DROP VIEW tracestore.operation_rollup, tracestore.operation_duration;
DROP TABLE tracestore.operation_delta, tracestore.operation_stats;

CREATE OR REPLACE VIEW tracestore.timed_table AS
SELECT name, time_column
FROM (
  VALUES ('link', 'span_start_time'), ('event', 'span_start_time'), ('span', 'start_time'), ('span_block', 'start_max'),
    ('call_10s', 'time_bucket'), ('call_5m', 'time_bucket'), ('call_1h', 'time_bucket'),
    ('service_call_10s', 'time_bucket'), ('service_call_5m', 'time_bucket'), ('service_call_1h', 'time_bucket')
) AS timed (name, time_column);

CREATE OR REPLACE FUNCTION tracestore.enable_compression(p_table text) RETURNS boolean
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
    CASE WHEN p_table IN ('call_5m', 'call_1h') THEN 'operation_id' ELSE '' END,
    (SELECT t.time_column FROM tracestore.timed_table t WHERE t.name = p_table)
  );
  RETURN true;
END
$$;

-- By name, so that tables which hold no traces stay.
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
      SELECT unnest(ARRAY['span_move', 'moved_span', 'call_recount', 'late_call'])
    ) AS emptied
  );
END
$$;

CREATE OR REPLACE FUNCTION tracestore.forget_entries(p_table text, p_kept_s float8, p_limit int4) RETURNS int8
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
    is_unused := 'NOT EXISTS (SELECT FROM tracestore.call_5m u WHERE u.operation_id = d.id)
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
