-- Who calls whom, how often, how long it takes, and how much of that is the callee's own work: figures of spans together
-- with their parents. A span and its parent come in any order, seconds or hours apart, so figures cannot be added when a
-- span is written. A pass of src/rollup adds what came since the last one, a little later;
-- docs/adr/0010-deferred-rollups.md says how each span counts exactly once.
--
-- Rows are only ever added: to read a figure is to sum over rows, some of which are corrections and have negative numbers.
-- Figures of 10 seconds are summed up to figures of 5 minutes and of an hour once these are over; call_state says how far.
-- What comes later is added to these too, and summed up with what is there once no more comes.

CREATE FUNCTION tracestore.call_reach() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '2 hours';
COMMENT ON FUNCTION tracestore.call_reach IS 'A parent starts so long before or after its child at most; beyond, the child''s parent counts as not stored';

CREATE FUNCTION tracestore.finest_figures_kept() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN interval '2 days';
COMMENT ON FUNCTION tracestore.finest_figures_kept IS 'For so long figures of 10 seconds are there; older ones are of 5 minutes and of an hour';

CREATE FUNCTION tracestore.most_spans_of_trace() RETURNS int4
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 100000;
COMMENT ON FUNCTION tracestore.most_spans_of_trace IS 'A trace with more spans near to new ones is endless: reading all of it again for every new span would end all passes. Of its spans, those that come together are related to each other alone';

CREATE VIEW tracestore.call_level AS
SELECT name, summed_of, width, keys, width_in_words
FROM (
  VALUES
    ('call_10s', NULL, interval '10 seconds', ARRAY['operation_id', 'parent_operation_id'], '10 seconds'),
    ('call_5m', 'call_10s', interval '5 minutes', ARRAY['operation_id', 'parent_operation_id'], '5 minutes'),
    ('call_1h', 'call_5m', interval '1 hour', ARRAY['operation_id', 'parent_operation_id'], 'an hour'),
    ('service_call_10s', NULL, interval '10 seconds', ARRAY['service_name', 'parent_service_name', 'is_root'], '10 seconds'),
    ('service_call_5m', 'service_call_10s', interval '5 minutes', ARRAY['service_name', 'parent_service_name', 'is_root'], '5 minutes'),
    ('service_call_1h', 'service_call_5m', interval '1 hour', ARRAY['service_name', 'parent_service_name', 'is_root'], 'an hour')
) AS level (name, summed_of, width, keys, width_in_words);
COMMENT ON VIEW tracestore.call_level IS 'The tables of figures: of operations, and of services, which are so few that any range of them is read at once. By which columns there is a row, how wide its buckets are, and which table these are summed up from';

DO $tables$
DECLARE
  extension_schema text := tracestore.timescale_schema();
  level record;
BEGIN
  FOR level IN SELECT *, keys[1] = 'service_name' AS of_services FROM tracestore.call_level LOOP
    EXECUTE format(
      'CREATE TABLE tracestore.%I (
         time_bucket         timestamptz NOT NULL,
         %s,
         calls               int8 NOT NULL,
         errors              int8 NOT NULL,
         duration_ns_sum     float8 NOT NULL,
         self_ns_sum         float8 NOT NULL,
         duration_class      int2[] NOT NULL,
         duration_calls      int4[] NOT NULL,
         self_class          int2[] NOT NULL,
         self_calls          int4[] NOT NULL
       )%s',
      level.name,
      CASE WHEN level.of_services
        THEN 'service_name text NOT NULL, parent_service_name text NOT NULL, is_root boolean NOT NULL'
        ELSE 'operation_id int8 NOT NULL, parent_operation_id int8 NOT NULL'
      END,
      CASE WHEN extension_schema IS NULL THEN ' PARTITION BY RANGE (time_bucket)' END
    );
    IF extension_schema IS NULL THEN
      EXECUTE format('CREATE TABLE tracestore.%I PARTITION OF tracestore.%I DEFAULT', level.name || '_default', level.name);
    ELSE
      EXECUTE format(
        'SELECT %I.create_hypertable(%L::regclass, %L::name, chunk_time_interval => interval %L, create_default_indexes => false)',
        extension_schema, 'tracestore.' || level.name, 'time_bucket', '1 day'
      );
    END IF;
    IF level.of_services THEN
      EXECUTE format('CREATE INDEX %I ON tracestore.%I (time_bucket)', level.name || '_by_time', level.name);
      EXECUTE format('COMMENT ON COLUMN tracestore.%I.service_name IS %L', level.name, 'Empty where the operation is not known any more');
      EXECUTE format('COMMENT ON COLUMN tracestore.%I.parent_service_name IS %L', level.name, 'Empty where there is no parent, or it is not stored');
    ELSE
      EXECUTE format('CREATE INDEX %I ON tracestore.%I USING brin (time_bucket) WITH (autosummarize = on, pages_per_range = 16)', level.name || '_by_time', level.name);
      EXECUTE format('CREATE INDEX %I ON tracestore.%I (operation_id, time_bucket)', level.name || '_by_operation', level.name);
      EXECUTE format('CREATE INDEX %I ON tracestore.%I (parent_operation_id, time_bucket)', level.name || '_by_parent', level.name);
      EXECUTE format('COMMENT ON COLUMN tracestore.%I.parent_operation_id IS %L', level.name, '0: the spans are roots; -1: their parent is not stored');
    END IF;
    EXECUTE format('COMMENT ON TABLE tracestore.%I IS %L', level.name,
      format('What spans did that started within %s, by their %s and that of their parent', level.width_in_words,
        CASE WHEN level.of_services THEN 'service' ELSE 'operation' END));
    EXECUTE format('COMMENT ON COLUMN tracestore.%I.time_bucket IS %L', level.name, 'The start of the ' || level.width_in_words || ' in which the spans, not their parents, started');
    EXECUTE format('COMMENT ON COLUMN tracestore.%I.self_ns_sum IS %L', level.name, 'Of the spans'' own duration what no child of theirs covers');
    EXECUTE format('COMMENT ON COLUMN tracestore.%I.duration_calls IS %L', level.name, 'For each element of duration_class how many of the calls had such a duration');
    EXECUTE format('COMMENT ON COLUMN tracestore.%I.self_calls IS %L', level.name, 'For each element of self_class how many of the calls had such a self time');
  END LOOP;
END
$tables$;

CREATE TABLE tracestore.call_state (
  snapshot       pg_snapshot NOT NULL,
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  rolled_5m      timestamptz NOT NULL,
  rolled_1h      timestamptz NOT NULL,
  counted_at     timestamptz
);
CREATE UNIQUE INDEX call_state_is_one_row ON tracestore.call_state ((true));
COMMENT ON TABLE tracestore.call_state IS 'How far calls are counted; one row';
COMMENT ON COLUMN tracestore.call_state.snapshot IS 'Spans of transactions that this sees are counted, others are not';
COMMENT ON COLUMN tracestore.call_state.transaction_id IS 'Who wrote this row. Another one did so if the database was restored from a dump; then the snapshot is of another time';
COMMENT ON COLUMN tracestore.call_state.rolled_5m IS 'Figures of 5 minutes are whole before this time; later ones are only in figures of 10 seconds';
COMMENT ON COLUMN tracestore.call_state.rolled_1h IS 'Figures of an hour are whole before this time';
COMMENT ON COLUMN tracestore.call_state.counted_at IS 'What was committed before is counted';
-- Ids of transactions begin with 3: this snapshot sees none.
INSERT INTO tracestore.call_state (snapshot, rolled_5m, rolled_1h)
SELECT '3:3:', date_trunc('hour', now()), date_trunc('hour', now());

CREATE TABLE tracestore.span_move (
  transaction_id int8 PRIMARY KEY
);
COMMENT ON TABLE tracestore.span_move IS 'Transactions that moved spans from the default partition into one of their own, for as long as call_state does not see them. The spans they moved look new and are not, but for those in moved_span';

CREATE TABLE tracestore.moved_span (
  trace_id       uuid NOT NULL,
  span_id        int8 NOT NULL,
  start_time     timestamptz NOT NULL,
  instance       int4 NOT NULL,
  transaction_id int8 NOT NULL
);
CREATE INDEX moved_span_by_trace ON tracestore.moved_span (trace_id);
COMMENT ON TABLE tracestore.moved_span IS 'Spans that were moved before they were counted, and the transaction that wrote them first';

CREATE TABLE tracestore.call_recount (
  start_from timestamptz NOT NULL,
  start_to   timestamptz NOT NULL,
  snapshot   pg_snapshot NOT NULL
);
COMMENT ON TABLE tracestore.call_recount IS 'Slices of time whose figures are gone and are made again, one after the other, of the spans that the snapshot sees';

CREATE TABLE tracestore.late_call (
  table_name  text NOT NULL,
  time_bucket timestamptz NOT NULL,
  added_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tracestore.late_call IS 'Where rows were added to figures that had been summed up: they are to be summed up again. A row for each pass that did so';

CREATE FUNCTION tracestore.has_uncounted_spans(p_from timestamptz, p_to timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  counted CONSTANT pg_snapshot := (SELECT s.snapshot FROM tracestore.call_state s);
  counted_end CONSTANT int8 := pg_snapshot_xmax(counted)::text::int8;
  running CONSTANT int8[] := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(counted) AS x);
BEGIN
  RETURN EXISTS (
    SELECT FROM tracestore.span_block k
    WHERE (k.transaction_id >= counted_end OR k.transaction_id = ANY (running)) AND k.start_max >= p_from AND k.start_min < p_to
  ) OR EXISTS (
    SELECT FROM tracestore.call_recount r
    WHERE r.start_to + 2 * tracestore.call_reach() > p_from AND r.start_from - 2 * tracestore.call_reach() < p_to
  );
END
$$;
COMMENT ON FUNCTION tracestore.has_uncounted_spans IS 'Whether some spans that start in this range are yet to be counted, or counted again';

CREATE FUNCTION tracestore.recount_calls(p_from timestamptz, p_to timestamptz) RETURNS int8
LANGUAGE plpgsql AS $$
DECLARE
  range_from CONSTANT timestamptz := date_bin('1 hour', p_from, 'epoch');
  range_to CONSTANT timestamptz := date_bin('1 hour', p_to + interval '1 hour' - interval '1 microsecond', 'epoch');
  counted pg_snapshot;
  level record;
  slices int8;
BEGIN
  -- Waits for the pass that runs; the next one waits for this.
  SELECT s.snapshot INTO STRICT counted FROM tracestore.call_state s FOR UPDATE;
  FOR level IN SELECT name FROM tracestore.call_level LOOP
    EXECUTE format('DELETE FROM tracestore.%I WHERE time_bucket >= $1 AND time_bucket < $2', level.name) USING range_from, range_to;
  END LOOP;
  DELETE FROM tracestore.late_call WHERE time_bucket >= range_from AND time_bucket < range_to;
  DELETE FROM tracestore.call_recount WHERE start_from >= range_from AND start_to <= range_to;
  INSERT INTO tracestore.call_recount (start_from, start_to, snapshot)
  SELECT slice, slice + interval '5 minutes', counted
  FROM generate_series(range_from, range_to - interval '5 minutes', interval '5 minutes') AS slice;
  GET DIAGNOSTICS slices = ROW_COUNT;
  RETURN slices;
END
$$;
COMMENT ON FUNCTION tracestore.recount_calls IS 'Throws the figures of calls of these whole hours away and has them made again from the spans, by the passes that follow, 5 minutes at a time; how many slices there are';

CREATE FUNCTION tracestore.begin_call_pass(p_most_spans int8)
RETURNS TABLE (span_count int8, is_last boolean, restored boolean, rolled_5m timestamptz, rolled_1h timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  now_seen CONSTANT pg_snapshot := pg_current_snapshot();
  state record;
  before_end int8;
  before_running int8[];
  now_running CONSTANT int8[] := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(now_seen) AS x);
  enough int8;
BEGIN
  SELECT s.*, s.xmin::text AS written_by INTO STRICT state FROM tracestore.call_state s FOR UPDATE;
  restored := state.written_by <> (state.transaction_id::text::int8 & 4294967295)::text
    OR pg_snapshot_xmax(state.snapshot) > pg_snapshot_xmax(now_seen);
  IF restored THEN
    -- The transactions that wrote the spans have other ids now: all are counted as they are found.
    UPDATE tracestore.call_state SET snapshot = now_seen, transaction_id = pg_current_xact_id();
    DELETE FROM tracestore.span_move;
    DELETE FROM tracestore.moved_span;
    RETURN QUERY SELECT 0::int8, false, true, state.rolled_5m, state.rolled_1h;
    RETURN;
  END IF;
  before_end := pg_snapshot_xmax(state.snapshot)::text::int8;
  before_running := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(state.snapshot) AS x);
  -- The first transaction too many. Whatever was running then and is older has to come with this pass, however much it is.
  SELECT coalesce(sum(b.spans) FILTER (WHERE b.place <= p_most_spans), 0), min(b.transaction_id) FILTER (WHERE b.place > p_most_spans)
  INTO span_count, enough
  FROM (
    SELECT w.transaction_id, w.spans,
      CASE WHEN w.transaction_id < before_end THEN 0
        ELSE sum(w.spans) OVER (ORDER BY w.transaction_id) - w.spans + 1 END AS place
    FROM (
      SELECT k.transaction_id, sum(k.span_count)::int8 AS spans
      FROM tracestore.span_block k
      WHERE k.transaction_id >= before_end OR k.transaction_id = ANY (before_running)
      GROUP BY k.transaction_id
    ) AS w
  ) AS b;
  PERFORM
    set_config('tracestore.pass_before', state.snapshot::text, true),
    set_config('tracestore.pass_slice', '', true),
    set_config('tracestore.pass_after', CASE WHEN enough IS NULL THEN now_seen::text ELSE (
      SELECT concat_ws(':', coalesce(min(x), enough), enough, coalesce(string_agg(x::text, ',' ORDER BY x), ''))
      FROM unnest(now_running) AS x WHERE x < enough
    ) END, true);
  RETURN QUERY SELECT span_count, enough IS NULL, false, state.rolled_5m, state.rolled_1h;
END
$$;
COMMENT ON FUNCTION tracestore.begin_call_pass IS 'Settles which spans the pass of this transaction counts, at most p_most_spans and the rest of their transaction. is_last: nothing new is left for another pass. restored: the database was restored from a dump, so transactions have other ids now; nothing is to be counted but by recount_calls';

CREATE FUNCTION tracestore.begin_recount()
RETURNS TABLE (start_from timestamptz, start_to timestamptz, rolled_5m timestamptz, rolled_1h timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  slice record;
BEGIN
  SELECT s.rolled_5m, s.rolled_1h INTO STRICT rolled_5m, rolled_1h FROM tracestore.call_state s FOR UPDATE;
  -- The latest first: it is looked at most.
  DELETE FROM tracestore.call_recount
  WHERE ctid = (SELECT r.ctid FROM tracestore.call_recount r ORDER BY r.start_from DESC LIMIT 1)
  RETURNING * INTO slice;
  IF slice IS NULL THEN RETURN; END IF;
  PERFORM
    set_config('tracestore.pass_before', '3:3:', true),
    set_config('tracestore.pass_after', slice.snapshot::text, true),
    set_config('tracestore.pass_slice', tstzrange(slice.start_from, slice.start_to)::text, true);
  RETURN QUERY SELECT slice.start_from, slice.start_to, rolled_5m, rolled_1h;
END
$$;
COMMENT ON FUNCTION tracestore.begin_recount IS 'Makes this transaction one that counts a slice of call_recount; no row where there is none';

CREATE TYPE tracestore.trace_bounds AS (trace_id uuid, start_min timestamptz, start_max timestamptz);

CREATE FUNCTION tracestore.traces_of_pass() RETURNS tracestore.trace_bounds[]
LANGUAGE plpgsql STABLE
SET jit = off AS $$
DECLARE
  seen_before CONSTANT pg_snapshot := current_setting('tracestore.pass_before');
  seen_after CONSTANT pg_snapshot := current_setting('tracestore.pass_after');
  slice CONSTANT tstzrange := nullif(current_setting('tracestore.pass_slice'), '');
  before_end CONSTANT int8 := pg_snapshot_xmax(seen_before)::text::int8;
  before_running CONSTANT int8[] := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(seen_before) AS x);
  after_end CONSTANT int8 := pg_snapshot_xmax(seen_after)::text::int8;
  after_running CONSTANT int8[] := ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(seen_after) AS x);
BEGIN
  IF slice IS NULL THEN
    RETURN ARRAY(
      SELECT ROW(t.trace_id, min(k.start_min), max(k.start_max))::tracestore.trace_bounds
      FROM tracestore.span_block k, unnest(k.trace_ids) AS t (trace_id)
      WHERE (k.transaction_id >= before_end OR k.transaction_id = ANY (before_running))
        AND k.transaction_id < after_end AND k.transaction_id <> ALL (after_running)
      GROUP BY t.trace_id ORDER BY t.trace_id
    );
  END IF;
  RETURN ARRAY(
    SELECT ROW(s.trace_id, min(s.start_time), max(s.start_time))::tracestore.trace_bounds
    FROM tracestore.span s
    WHERE s.start_time >= lower(slice) AND s.start_time < upper(slice)
    GROUP BY s.trace_id ORDER BY s.trace_id
  );
END
$$;
COMMENT ON FUNCTION tracestore.traces_of_pass IS 'The traces of which this pass has something to count, and when its first and its last such span start at the earliest and at the latest';

CREATE FUNCTION tracestore.span_source(p_start timestamptz, p_end timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own CONSTANT text := 'trace_id, span_id, parent_span_id, start_time, start_nanos, end_time, end_nanos, operation_id, instance, status_code';
  chunks text;
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = 'tracestore.span'::regclass) = 'p' THEN
    RETURN format('SELECT %s, age(xmin) AS age FROM tracestore.span', own);
  END IF;
  -- A scan that decompresses knows no xmin; ONLY leaves out what is compressed. The bounds let a chunk be passed over
  -- that a trace cannot have spans in.
  SELECT string_agg(
    format(
      'SELECT %1$s, age(xmin) AS age FROM ONLY %2$s WHERE bound.start_to >= %3$L AND bound.start_from < %4$L',
      own, c.name, c.range_start, c.range_end
    )
    || CASE WHEN c.is_compressed THEN format(
      ' UNION ALL SELECT %1$s, NULL FROM %2$s s WHERE bound.start_to >= %3$L AND bound.start_from < %4$L AND NOT EXISTS (
          SELECT FROM ONLY %2$s o
          WHERE o.trace_id = s.trace_id AND o.span_id = s.span_id AND o.instance = s.instance AND o.start_time = s.start_time)',
      own, c.name, c.range_start, c.range_end) ELSE '' END,
    ' UNION ALL '
  )
  INTO chunks
  FROM (
    SELECT format('%I.%I', k.chunk_schema, k.chunk_name) AS name, k.range_start, k.range_end, k.is_compressed
    FROM timescaledb_information.chunks k
    WHERE k.hypertable_schema = 'tracestore' AND k.hypertable_name = 'span' AND k.range_start <= p_end AND k.range_end > p_start
  ) AS c;
  RETURN coalesce(chunks, format('SELECT %s, age(xmin) AS age FROM tracestore.span WHERE false', own));
END
$$;
COMMENT ON FUNCTION tracestore.span_source IS 'The text of a query for spans that start within these times, with the age of the transaction that wrote them: NULL for compressed ones, which know it no more. For a lateral join to bound (start_from, start_to)';

CREATE FUNCTION tracestore.spans_of_pass()
RETURNS TABLE (
  trace_nr int4, span_id int8, parent_span_id int8, start_time timestamptz, end_time timestamptz, start_nanos int2,
  end_nanos int2, operation_id int8, instance int4, flags int2
)
LANGUAGE plpgsql
-- Trace by trace, each by the index of traces alone, whatever the planner believes to know of tables that are new. Nothing
-- else finds all of a trace; and nothing but the order of time finds the end of an endless one.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET jit = off SET work_mem = '64MB' AS $$
DECLARE
  reach CONSTANT interval := 2 * tracestore.call_reach();
  seen_before CONSTANT pg_snapshot := current_setting('tracestore.pass_before');
  seen_after CONSTANT pg_snapshot := current_setting('tracestore.pass_after');
  slice CONSTANT tstzrange := nullif(current_setting('tracestore.pass_slice'), '');
  endless CONSTANT int4[] := coalesce(nullif(current_setting('tracestore.pass_endless', true), ''), '{}');
  bounds CONSTANT tracestore.trace_bounds[] := tracestore.traces_of_pass();
  source text;
BEGIN
  source := tracestore.span_source(
    (SELECT min(b.start_min) FROM unnest(bounds) AS b) - reach, (SELECT max(b.start_max) FROM unnest(bounds) AS b) + reach
  );
  IF endless <> '{}' THEN
    PERFORM set_config('enable_bitmapscan', 'on', true);
  END IF;
  RETURN QUERY EXECUTE format(
    $query$
    WITH bound AS MATERIALIZED (
      SELECT nr::int4 AS trace_nr, trace_id, start_min, start_max, start_min - $1 AS start_from, start_max + $1 AS start_to
      FROM unnest($2) WITH ORDINALITY AS b (trace_id, start_min, start_max, nr)
      WHERE $3 = '{}' OR nr = ANY ($3)
    ),
    written AS (
      SELECT bound.trace_nr, s.*, CASE
        WHEN $5 - s.age = ANY ($6) THEN coalesce((
          SELECT m.transaction_id FROM tracestore.moved_span m
          WHERE m.trace_id = s.trace_id AND m.span_id = s.span_id AND m.start_time = s.start_time AND m.instance = s.instance
          LIMIT 1
        ), 0)
        ELSE coalesce($5 - s.age, 0)
      END AS transaction_id
      FROM bound
      CROSS JOIN LATERAL (SELECT * FROM (%s) AS span WHERE %s) AS s
      OFFSET 0
    )
    SELECT
      trace_nr, span_id, coalesce(parent_span_id, 0), start_time, end_time, start_nanos, end_nanos, operation_id::int8, instance,
      (CASE WHEN parent_span_id IS NULL THEN 1 ELSE 0 END
        + CASE WHEN status_code = 2 THEN 2 ELSE 0 END
        + CASE WHEN was_counted THEN 4 ELSE 0 END
        + CASE WHEN start_time < $12 OR start_time >= $13 THEN 8 ELSE 0 END)::int2
    FROM (
      SELECT *, $11 AND transaction_id < $7 AND transaction_id <> ALL ($8) AS was_counted
      FROM written
      WHERE transaction_id < $9 AND transaction_id <> ALL ($10)
    ) AS known
    WHERE $3 = '{}' OR NOT was_counted
    $query$,
    source,
    CASE WHEN endless = '{}'
      THEN 'span.trace_id = bound.trace_id AND span.start_time >= bound.start_from AND span.start_time <= bound.start_to LIMIT $4 + 1'
      ELSE 'span.trace_id::text = bound.trace_id::text AND span.start_time >= bound.start_min AND span.start_time <= bound.start_max'
    END
  )
  USING
    reach, bounds, endless, tracestore.most_spans_of_trace(),
    -- What age() counts from.
    pg_current_xact_id()::text::int8,
    ARRAY(SELECT m.transaction_id FROM tracestore.span_move m),
    pg_snapshot_xmax(seen_before)::text::int8, ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(seen_before) AS x),
    pg_snapshot_xmax(seen_after)::text::int8, ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(seen_after) AS x),
    slice IS NULL, coalesce(lower(slice), '-infinity'), coalesce(upper(slice), 'infinity');
  -- The truncation that ends a compression spares no older snapshot.
  IF EXISTS (
    SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'tracestore.span'::regclass AND c.relfilenode <> pg_relation_filenode(c.oid)
  ) THEN
    RAISE EXCEPTION 'spans were compressed meanwhile' USING ERRCODE = 'serialization_failure';
  END IF;
END
$$;
COMMENT ON FUNCTION tracestore.spans_of_pass IS 'The spans that a pass counts and those of the same traces that start near enough to matter, trace by trace. Flags: 1 it is a root, 2 its status is error, 4 it was counted by an earlier pass, 8 it is not of the slice. Of a trace with more than most_spans_of_trace such spans there is one more than that: with its number in the setting tracestore.pass_endless, what is to be counted of it comes, and nothing else';

CREATE FUNCTION tracestore.end_call_pass(p_is_last boolean, p_now timestamptz) RETURNS void
LANGUAGE plpgsql
SET jit = off SET work_mem = '64MB' SET enable_nestloop = off AS $$
DECLARE
  state record;
  -- Most spans that start in 5 minutes have come 5 minutes after; an hour at a time, so that no pass takes long.
  roll_5m timestamptz := date_bin('5 minutes', p_now - interval '5 minutes', 'epoch');
  roll_1h timestamptz;
  level record;
BEGIN
  SELECT * INTO STRICT state FROM tracestore.call_state;
  roll_5m := CASE WHEN p_is_last THEN greatest(state.rolled_5m, least(roll_5m, state.rolled_5m + interval '1 hour')) ELSE state.rolled_5m END;
  roll_1h := greatest(state.rolled_1h, least(date_bin('1 hour', roll_5m, 'epoch'), state.rolled_1h + interval '12 hours'));
  FOR level IN SELECT name, summed_of, width FROM tracestore.call_level WHERE summed_of IS NOT NULL ORDER BY width LOOP
    IF level.width = interval '5 minutes' AND roll_5m > state.rolled_5m THEN
      PERFORM tracestore.roll_calls(level.summed_of, level.name, state.rolled_5m, roll_5m);
    ELSIF level.width = interval '1 hour' AND roll_1h > state.rolled_1h THEN
      PERFORM tracestore.roll_calls(level.summed_of, level.name, state.rolled_1h, roll_1h);
    END IF;
  END LOOP;
  UPDATE tracestore.call_state SET
    snapshot = current_setting('tracestore.pass_after')::pg_snapshot,
    transaction_id = pg_current_xact_id(),
    rolled_5m = roll_5m, rolled_1h = roll_1h,
    counted_at = CASE WHEN p_is_last THEN p_now ELSE counted_at END;
  -- Slices that are counted again ask about spans as they were then.
  IF NOT EXISTS (SELECT FROM tracestore.call_recount) THEN
    DELETE FROM tracestore.span_move m
    WHERE pg_visible_in_snapshot(m.transaction_id::text::xid8, current_setting('tracestore.pass_after')::pg_snapshot);
    DELETE FROM tracestore.moved_span WHERE NOT EXISTS (SELECT FROM tracestore.span_move);
  END IF;
END
$$;
COMMENT ON FUNCTION tracestore.end_call_pass IS 'Notes what the pass of this transaction has counted, and sums up the 5 minutes and hours that are over';

CREATE FUNCTION tracestore.roll_calls(p_from_table text, p_to_table text, p_from timestamptz, p_to timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  level CONSTANT tracestore.call_level := (SELECT l FROM tracestore.call_level l WHERE l.name = p_to_table);
BEGIN
  EXECUTE format(
    $query$
    WITH figure AS MATERIALIZED (%1$s),
    total AS (
      SELECT wide_bucket, %3$s, sum(calls)::int8 AS calls, sum(errors)::int8 AS errors,
        sum(duration_ns_sum) AS duration_ns_sum, sum(self_ns_sum) AS self_ns_sum
      FROM figure GROUP BY wide_bucket, %3$s
    ),
    duration AS (
      SELECT wide_bucket, %3$s, array_agg(class ORDER BY class) AS class, array_agg(n ORDER BY class) AS calls
      FROM (
        SELECT wide_bucket, %3$s, class, sum(n)::int4 AS n
        FROM (SELECT wide_bucket, %3$s, unnest(duration_class) AS class, unnest(duration_calls) AS n FROM figure) AS entry
        GROUP BY wide_bucket, %3$s, class HAVING sum(n) <> 0
      ) AS entry
      GROUP BY wide_bucket, %3$s
    ),
    self AS (
      SELECT wide_bucket, %3$s, array_agg(class ORDER BY class) AS class, array_agg(n ORDER BY class) AS calls
      FROM (
        SELECT wide_bucket, %3$s, class, sum(n)::int4 AS n
        FROM (SELECT wide_bucket, %3$s, unnest(self_class) AS class, unnest(self_calls) AS n FROM figure) AS entry
        GROUP BY wide_bucket, %3$s, class HAVING sum(n) <> 0
      ) AS entry
      GROUP BY wide_bucket, %3$s
    )
    INSERT INTO tracestore.%2$I (time_bucket, %3$s, calls, errors, duration_ns_sum, self_ns_sum,
      duration_class, duration_calls, self_class, self_calls)
    SELECT wide_bucket, %3$s, total.calls, errors, duration_ns_sum, self_ns_sum,
      coalesce(duration.class, '{}'), coalesce(duration.calls, '{}'), coalesce(self.class, '{}'), coalesce(self.calls, '{}')
    FROM total
    LEFT JOIN duration USING (wide_bucket, %3$s)
    LEFT JOIN self USING (wide_bucket, %3$s)
    WHERE total.calls <> 0 OR errors <> 0 OR duration_ns_sum <> 0 OR self_ns_sum <> 0 OR duration.class IS NOT NULL OR self.class IS NOT NULL
    -- Roots side by side, and what one operation calls.
    ORDER BY wide_bucket, %4$I
    $query$,
    format(
      CASE WHEN p_from_table = p_to_table
        THEN 'DELETE FROM tracestore.%I WHERE time_bucket >= $2 AND time_bucket < $3 RETURNING time_bucket AS wide_bucket, *'
        ELSE 'SELECT date_bin($1, time_bucket, ''epoch'') AS wide_bucket, * FROM tracestore.%I WHERE time_bucket >= $2 AND time_bucket < $3'
      END,
      p_from_table
    ),
    p_to_table,
    array_to_string(level.keys, ', '),
    level.keys[2]
  ) USING level.width, p_from, p_to;
END
$$;
COMMENT ON FUNCTION tracestore.roll_calls IS 'Sums up the figures of a range to wider ones in another table, or, in the same table, to one row where there are several for the same';

CREATE FUNCTION tracestore.roll_late_calls() RETURNS boolean
LANGUAGE plpgsql
-- The planner expects one row of what a range of a BRIN index finds.
SET jit = off SET work_mem = '64MB' SET enable_nestloop = off AS $$
DECLARE
  late record;
BEGIN
  -- Waits for who has figures counted again; they wait for this.
  PERFORM FROM tracestore.call_state FOR UPDATE;
  SELECT l.table_name, l.time_bucket INTO late
  FROM tracestore.late_call l
  GROUP BY l.table_name, l.time_bucket
  HAVING max(l.added_at) < now() - interval '1 minute' OR count(*) >= 32
  ORDER BY l.time_bucket DESC, l.table_name
  LIMIT 1;
  IF NOT FOUND THEN RETURN false; END IF;
  IF NOT tracestore.is_compressed(late.table_name, late.time_bucket) THEN
    PERFORM tracestore.roll_calls(late.table_name, late.table_name, late.time_bucket, late.time_bucket + interval '1 microsecond');
  END IF;
  DELETE FROM tracestore.late_call l WHERE l.table_name = late.table_name AND l.time_bucket = late.time_bucket;
  RETURN true;
END
$$;
COMMENT ON FUNCTION tracestore.roll_late_calls IS 'Sums up one bucket again to which rows were added late: the latest to which none were for a minute, or many times; whether there was one. Compressed ones stay as they are';

-- What users read. Views, so that whoever may read them need not read the tables; and a function that names the views it
-- takes its rows from, so that the planner looks into it.

DO $views$
DECLARE
  level record;
BEGIN
  FOR level IN SELECT *, keys[1] = 'service_name' AS of_services FROM tracestore.call_level LOOP
    EXECUTE format(
      'CREATE VIEW ps_trace.%1$I AS
       SELECT
         c.time_bucket, %2$s,
         c.calls, c.errors, c.duration_ns_sum, c.self_ns_sum,
         c.duration_class, c.duration_calls, c.self_class, c.self_calls
       FROM tracestore.%1$I c%3$s',
      level.name,
      CASE WHEN level.of_services
        THEN 'nullif(c.parent_service_name, '''') AS parent_service_name, nullif(c.service_name, '''') AS service_name, c.is_root'
        ELSE 'p.service_name AS parent_service_name, p.span_name AS parent_span_name, tracestore.span_kind(p.span_kind) AS parent_span_kind,
          o.service_name, o.span_name, tracestore.span_kind(o.span_kind) AS span_kind, c.parent_operation_id = 0 AS is_root'
      END,
      CASE WHEN NOT level.of_services THEN '
       LEFT JOIN tracestore.operation o ON o.id = c.operation_id
       LEFT JOIN tracestore.operation p ON p.id = c.parent_operation_id' END
    );
    EXECUTE format('COMMENT ON VIEW ps_trace.%I IS %L', level.name, format(
      'What spans did that started within %s, by their %s and that of their parent. To be summed: there are several rows for the same, and some correct others. %s chooses among the widths',
      level.width_in_words,
      CASE WHEN level.of_services THEN 'service' ELSE 'operation' END,
      CASE WHEN level.of_services THEN 'service_call' ELSE 'operation_call' END
    ));
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.time_bucket IS %L', level.name, 'The start of the ' || level.width_in_words || ' in which the spans, not their parents, started');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.parent_service_name IS %L', level.name, 'NULL for a root, and where the parent is not stored');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.service_name IS %L', level.name, 'Whose spans these are');
    IF NOT level.of_services THEN
      EXECUTE format('COMMENT ON COLUMN ps_trace.%I.parent_span_name IS %L', level.name, 'The name of the parents; NULL as parent_service_name is');
      EXECUTE format('COMMENT ON COLUMN ps_trace.%I.parent_span_kind IS %L', level.name, 'The kind of the parents; unspecified where there is none');
      EXECUTE format('COMMENT ON COLUMN ps_trace.%I.span_name IS %L', level.name, 'Their name');
      EXECUTE format('COMMENT ON COLUMN ps_trace.%I.span_kind IS %L', level.name, 'Their kind');
    END IF;
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.calls IS %L', level.name, 'How many spans');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.errors IS %L', level.name, 'How many of them have the status error');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.duration_ns_sum IS %L', level.name, 'Nanoseconds that they took together');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.is_root IS %L', level.name, 'Whether these are roots; false where the parent is not stored');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.self_ns_sum IS %L', level.name, 'Of the spans'' own duration what no child of theirs covers; whole numbers, as of duration_ns_sum, so that what is corrected adds up exactly and never to less than nothing');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.duration_class IS %L', level.name, 'Classes of durations, eight an octave: ps_trace.class_ms');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.duration_calls IS %L', level.name, 'For each of duration_class how many calls');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.self_class IS %L', level.name, 'Classes of self times');
    EXECUTE format('COMMENT ON COLUMN ps_trace.%I.self_calls IS %L', level.name, 'For each of self_class how many calls');
  END LOOP;
END
$views$;

CREATE VIEW ps_trace.call_progress AS
SELECT counted_at, rolled_5m, rolled_1h FROM tracestore.call_state;
COMMENT ON VIEW ps_trace.call_progress IS 'How far calls are counted; one row';
COMMENT ON COLUMN ps_trace.call_progress.counted_at IS 'All spans that were stored before this time are counted';
COMMENT ON COLUMN ps_trace.call_progress.rolled_5m IS 'call_5m is whole before this time';
COMMENT ON COLUMN ps_trace.call_progress.rolled_1h IS 'call_1h is whole before this time';

CREATE FUNCTION ps_trace.call_cover(_t_min timestamptz, _t_max timestamptz, _step interval) RETURNS timestamptz[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  progress record;
  finest_from CONSTANT timestamptz := date_bin('5 minutes', now() - tracestore.finest_figures_kept(), 'epoch') + interval '5 minutes';
  step_seconds CONSTANT numeric := extract(epoch FROM _step);
  ten CONSTANT interval := '10 seconds';
  five CONSTANT interval := '5 minutes';
  hour CONSTANT interval := '1 hour';
  tick CONSTANT interval := '1 microsecond';
  range_start timestamptz := date_bin(ten, _t_min, 'epoch');
  range_end timestamptz := greatest(date_bin(ten, _t_max + ten - tick, 'epoch'), range_start);
  wide_start timestamptz;
  wide_end timestamptz;
  widest_start timestamptz;
  widest_end timestamptz;
BEGIN
  SELECT s.rolled_5m, s.rolled_1h INTO STRICT progress FROM tracestore.call_state s;
  IF range_start < finest_from THEN range_start := date_bin(five, range_start, 'epoch'); END IF;
  IF range_end < finest_from THEN range_end := date_bin(five, range_end + five - tick, 'epoch'); END IF;
  wide_start := date_bin(five, range_start + five - tick, 'epoch');
  wide_end := least(date_bin(five, range_end, 'epoch'), progress.rolled_5m);
  IF step_seconds % 300 <> 0 THEN wide_end := least(wide_end, finest_from); END IF;
  IF wide_start >= wide_end THEN
    wide_start := range_end;
    wide_end := range_end;
  END IF;
  widest_start := date_bin(hour, wide_start + hour - tick, 'epoch');
  widest_end := least(date_bin(hour, wide_end, 'epoch'), progress.rolled_1h);
  IF step_seconds % 3600 <> 0 OR widest_start >= widest_end THEN
    widest_start := wide_end;
    widest_end := wide_end;
  END IF;
  RETURN ARRAY[range_start, wide_start, widest_start, widest_end, wide_end, range_end];
END
$$;
COMMENT ON FUNCTION ps_trace.call_cover IS 'Where figures of calls for this range are to be taken from, with as few rows as the step allows (NULL: one for all): six times in order, of which call_10s holds the first to the second and the fifth to the sixth, call_5m the second to the third and the fourth to the fifth, call_1h the third to the fourth; so do service_call_10s and its like';

DO $functions$
DECLARE
  figures record;
BEGIN
  FOR figures IN
    SELECT *
    FROM (VALUES
      ('operation_call', 'call',
        'parent_service_name text, parent_span_name text, parent_span_kind ps_trace.span_kind, service_name text, span_name text, span_kind ps_trace.span_kind',
        'c.parent_service_name, c.parent_span_name, c.parent_span_kind, c.service_name, c.span_name, c.span_kind'),
      ('service_call', 'service_call', 'parent_service_name text, service_name text', 'c.parent_service_name, c.service_name')
    ) AS functions (name, tables, declared, columns)
  LOOP
    EXECUTE format($create$
CREATE FUNCTION ps_trace.%1$I(_t_min timestamptz, _t_max timestamptz, _step interval)
RETURNS TABLE (
  time_bucket timestamptz, %3$s, is_root boolean, calls int8, errors int8,
  duration_ns_sum float8, self_ns_sum float8, duration_class int2[], duration_calls int4[], self_class int2[], self_calls int4[]
)
LANGUAGE sql STABLE PARALLEL SAFE AS $body$
  SELECT
    -- In subqueries, as these are asked once.
    CASE WHEN (SELECT _step) IS NULL THEN (SELECT _t_min) ELSE date_bin((SELECT _step), c.time_bucket, 'epoch') END,
    %4$s, c.is_root,
    c.calls, c.errors, c.duration_ns_sum, c.self_ns_sum, c.duration_class, c.duration_calls, c.self_class, c.self_calls
  FROM (
    SELECT * FROM ps_trace.%2$s_10s
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[1])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[2])
    UNION ALL
    SELECT * FROM ps_trace.%2$s_5m
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[2])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[3])
    UNION ALL
    SELECT * FROM ps_trace.%2$s_1h
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[3])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[4])
    UNION ALL
    SELECT * FROM ps_trace.%2$s_5m
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[4])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[5])
    UNION ALL
    SELECT * FROM ps_trace.%2$s_10s
    WHERE time_bucket >= (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[5])
      AND time_bucket < (SELECT (ps_trace.call_cover(_t_min, _t_max, _step))[6])
  ) AS c
$body$
      $create$,
      figures.name, figures.tables, figures.declared, figures.columns
    );
  END LOOP;
END
$functions$;
COMMENT ON FUNCTION ps_trace.operation_call IS 'What spans did that start from _t_min to before _t_max, by their operation and that of their parent, in buckets of _step (NULL: one bucket). To be summed: there are several rows for the same. The range is widened to whole 10 seconds, and where it is more than two days ago to whole 5 minutes. A step of whole 5 minutes or hours is answered of far fewer rows than another';

CREATE FUNCTION tracestore.call_figure(p_cover timestamptz[]) RETURNS SETOF tracestore.call_10s
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM tracestore.call_10s WHERE time_bucket >= p_cover[1] AND time_bucket < p_cover[2]
  UNION ALL
  SELECT * FROM tracestore.call_5m WHERE time_bucket >= p_cover[2] AND time_bucket < p_cover[3]
  UNION ALL
  SELECT * FROM tracestore.call_1h WHERE time_bucket >= p_cover[3] AND time_bucket < p_cover[4]
  UNION ALL
  SELECT * FROM tracestore.call_5m WHERE time_bucket >= p_cover[4] AND time_bucket < p_cover[5]
  UNION ALL
  SELECT * FROM tracestore.call_10s WHERE time_bucket >= p_cover[5] AND time_bucket < p_cover[6]
$$;
COMMENT ON FUNCTION tracestore.call_figure IS 'The rows that a call_cover names, by number. Sums are several times as fast by number as by name, and of float8, in which counts are exact, as of int8, whose sums are numeric';

CREATE FUNCTION ps_trace.operation_call_total(_t_min timestamptz, _t_max timestamptz)
RETURNS TABLE (
  parent_service_name text, parent_span_name text, parent_span_kind ps_trace.span_kind,
  service_name text, span_name text, span_kind ps_trace.span_kind, is_root boolean, calls int8, errors int8,
  duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE plpgsql STABLE STRICT ROWS 5000 SECURITY DEFINER SET jit = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(_t_min, _t_max, NULL);
BEGIN
  -- Summed up before there are names: there are ten times as many rows as pairs of operations.
  RETURN QUERY
  SELECT
    p.service_name, p.span_name, tracestore.span_kind(p.span_kind),
    o.service_name, o.span_name, tracestore.span_kind(o.span_kind), total.parent_operation_id = 0,
    total.calls::int8, total.errors::int8, total.duration_ns_sum, total.self_ns_sum
  FROM (
    SELECT
      figure.operation_id, figure.parent_operation_id,
      sum(figure.calls::float8) AS calls, sum(figure.errors::float8) AS errors,
      sum(figure.duration_ns_sum) AS duration_ns_sum, sum(figure.self_ns_sum) AS self_ns_sum
    FROM tracestore.call_figure(cover) AS figure
    GROUP BY figure.operation_id, figure.parent_operation_id
    HAVING sum(figure.calls::float8) > 0
  ) AS total
  LEFT JOIN tracestore.operation o ON o.id = total.operation_id
  LEFT JOIN tracestore.operation p ON p.id = total.parent_operation_id;
END
$$;
COMMENT ON FUNCTION ps_trace.operation_call_total IS 'What operation_call says of a range in one bucket, summed up, without the classes of durations: a row for each pair of an operation and that of its parent. The range is widened as that of operation_call is';

CREATE FUNCTION tracestore.calls_reached(p_cover timestamptz[], p_service text, p_operation text, p_is_upstream boolean)
RETURNS TABLE (
  operation_id int8, parent_operation_id int8, node_id int8, parent_node_id int8, is_asked boolean, is_followed boolean,
  calls float8, errors float8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE plpgsql STABLE ROWS 5000 SET jit = off SET enable_mergejoin = off SET enable_nestloop = off AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE pair AS MATERIALIZED (
    SELECT
      figure.operation_id, figure.parent_operation_id,
      sum(figure.calls::float8) AS calls, sum(figure.errors::float8) AS errors,
      sum(figure.duration_ns_sum) AS duration_ns_sum, sum(figure.self_ns_sum) AS self_ns_sum
    FROM tracestore.call_figure(p_cover) AS figure
    GROUP BY figure.operation_id, figure.parent_operation_id
    HAVING sum(figure.calls::float8) > 0
  ),
  -- Operations of one name are one, of whatever kind their spans are.
  node AS MATERIALIZED (
    SELECT
      o.id AS operation_id, o.service_name, o.span_name,
      min(o.id) OVER (PARTITION BY o.service_name, o.span_name) AS id
    FROM tracestore.operation o
    WHERE o.id IN (SELECT p.operation_id FROM pair p UNION ALL SELECT p.parent_operation_id FROM pair p)
  ),
  edge AS MATERIALIZED (
    SELECT
      p.*, called.id AS node_id, called.service_name, caller.id AS parent_node_id, caller.service_name AS parent_service_name
    FROM pair p
    JOIN node called ON called.operation_id = p.operation_id
    LEFT JOIN node caller ON caller.operation_id = p.parent_operation_id
  ),
  asked_service AS MATERIALIZED (
    SELECT coalesce(nullif(p_service, ''), (
      SELECT e.service_name
      FROM edge e
      WHERE CASE WHEN p_is_upstream THEN e.parent_service_name <> e.service_name ELSE e.parent_operation_id = 0 END
      GROUP BY e.service_name
      ORDER BY sum(e.calls) DESC, e.service_name
      LIMIT 1
    )) AS name
  ),
  asked AS MATERIALIZED (
    SELECT n.id
    FROM node n
    WHERE n.service_name = (SELECT name FROM asked_service) AND coalesce(p_operation, '') IN ('', n.span_name)
      AND n.id IN (SELECT e.node_id FROM edge e)
  ),
  step AS MATERIALIZED (
    SELECT
      CASE WHEN p_is_upstream THEN e.node_id ELSE e.parent_node_id END AS from_id,
      CASE WHEN p_is_upstream THEN e.parent_node_id ELSE e.node_id END AS to_id
    FROM edge e
    WHERE e.parent_node_id IS NOT NULL
  ),
  reached AS (
    SELECT id FROM asked
    UNION
    SELECT s.to_id FROM reached r JOIN step s ON s.from_id = r.id
  )
  SELECT
    e.operation_id, e.parent_operation_id, e.node_id, e.parent_node_id,
    e.node_id IN (SELECT id FROM asked), e.parent_node_id IS NOT NULL AND e.parent_node_id IN (SELECT id FROM reached),
    e.calls, e.errors, e.duration_ns_sum, e.self_ns_sum
  FROM edge e
  WHERE e.node_id IN (SELECT id FROM reached);
END
$$;
COMMENT ON FUNCTION tracestore.calls_reached IS 'All calls of the operations that are reached from an operation, itself among them (is_asked), by their callers or by what they call; without a name of it, from all operations of a service; without one of that, from the service that others call most, or that takes the most requests. is_followed: their caller is among those reached, too. A node is a service and a name. The walk is over operations, not over single traces';

CREATE FUNCTION tracestore.call_graph(
  p_service text, p_operation text, p_t_min timestamptz, p_t_max timestamptz, p_is_upstream boolean
)
RETURNS TABLE (
  parent_node_id int8, parent_service_name text, parent_span_name text, node_id int8, service_name text, span_name text,
  is_asked boolean, is_followed boolean, calls int8, errors int8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE plpgsql STABLE ROWS 5000 SET jit = off SET enable_mergejoin = off SET enable_nestloop = off SET enable_sort = off AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(p_t_min, p_t_max, NULL);
BEGIN
  RETURN QUERY
  SELECT
    edge.parent_node_id, caller.service_name, caller.span_name, edge.node_id, called.service_name, called.span_name,
    edge.is_asked, edge.is_followed, edge.calls::int8, edge.errors::int8, edge.duration_ns_sum, edge.self_ns_sum
  FROM (
    SELECT
      reached.parent_node_id, reached.node_id, reached.is_asked, reached.is_followed,
      sum(reached.calls) AS calls, sum(reached.errors) AS errors,
      sum(reached.duration_ns_sum) AS duration_ns_sum, sum(reached.self_ns_sum) AS self_ns_sum
    FROM tracestore.calls_reached(cover, p_service, p_operation, p_is_upstream) AS reached
    GROUP BY reached.parent_node_id, reached.node_id, reached.is_asked, reached.is_followed
  ) AS edge
  JOIN tracestore.operation called ON called.id = edge.node_id
  LEFT JOIN tracestore.operation caller ON caller.id = edge.parent_node_id;
END
$$;
COMMENT ON FUNCTION tracestore.call_graph IS 'What calls_reached finds, by the names of operations';

CREATE FUNCTION ps_trace.upstream_calls(_service text, _operation text, _t_min timestamptz, _t_max timestamptz)
RETURNS TABLE (
  parent_node_id int8, parent_service_name text, parent_span_name text, node_id int8, service_name text, span_name text,
  is_asked boolean, is_followed boolean, calls int8, errors int8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE sql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM tracestore.call_graph(_service, _operation, _t_min, _t_max, true)
$$;
COMMENT ON FUNCTION ps_trace.upstream_calls IS 'All calls of an operation (is_asked), of its callers, and of theirs: the graph above it. is_followed: the caller is one of those, too; the rest are calls by others, and roots. A node is a service and a name, and node_id stands for it in all answers about the same range. Of an empty _operation, from all of _service; of an empty _service, from the one that others call most. The walk is over operations, not over single traces: it shows who calls the callers, whoever they call for. The range is widened as that of operation_call is';

CREATE FUNCTION ps_trace.downstream_calls(_service text, _operation text, _t_min timestamptz, _t_max timestamptz)
RETURNS TABLE (
  parent_node_id int8, parent_service_name text, parent_span_name text, node_id int8, service_name text, span_name text,
  is_asked boolean, is_followed boolean, calls int8, errors int8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE sql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM tracestore.call_graph(_service, _operation, _t_min, _t_max, false)
$$;
COMMENT ON FUNCTION ps_trace.downstream_calls IS 'All calls of an operation (is_asked), of those that it calls, and of those that they call: the graph below it. is_followed: the caller is one of those, too; the rest are calls by others, and roots. A node is a service and a name, and node_id stands for it in all answers about the same range. Of an empty _operation, from all of _service; of an empty _service, from the one that takes the most requests. The walk is over operations, not over single traces: figures of an operation are of all its calls, whoever they are made for. The range is widened as that of operation_call is';

CREATE FUNCTION ps_trace.self_time_below(
  _service text, _operation text, _t_min timestamptz, _t_max timestamptz, _step interval DEFAULT NULL, _count int4 DEFAULT NULL
)
RETURNS TABLE (
  time_bucket timestamptz, service_name text, span_name text, span_kind ps_trace.span_kind, calls int8, self_ms float8
)
LANGUAGE plpgsql STABLE ROWS 1000 SECURITY DEFINER SET jit = off SET enable_mergejoin = off SET enable_sort = off
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(_t_min, _t_max, _step);
BEGIN
  -- The planner takes these for far fewer rows than they are, and would sort them where hashing is faster.
  RETURN QUERY
  WITH below AS MATERIALIZED (
    SELECT b.operation_id, b.parent_operation_id, b.calls, b.self_ns_sum, o.service_name, o.span_name
    FROM tracestore.calls_reached(cover, _service, _operation, false) AS b
    JOIN tracestore.operation o ON o.id = b.operation_id
    WHERE b.is_asked OR b.is_followed
  ),
  named AS MATERIALIZED (
    SELECT b.service_name, b.span_name
    FROM below b
    GROUP BY b.service_name, b.span_name
    ORDER BY sum(b.self_ns_sum) DESC, b.service_name, b.span_name
    LIMIT _count
  ),
  pair AS MATERIALIZED (
    SELECT
      b.operation_id, b.parent_operation_id, b.calls, b.self_ns_sum,
      CASE WHEN n.span_name IS NOT NULL THEN b.operation_id END AS named_operation_id
    FROM below b
    LEFT JOIN named n USING (service_name, span_name)
  ),
  worked AS (
    SELECT _t_min AS time_bucket, p.named_operation_id, sum(p.calls) AS calls, sum(p.self_ns_sum) AS self_ns_sum
    FROM pair p
    WHERE _step IS NULL
    GROUP BY p.named_operation_id
    UNION ALL
    SELECT
      date_bin(_step, figure.time_bucket, 'epoch'), p.named_operation_id,
      sum(figure.calls::float8), sum(figure.self_ns_sum)
    FROM tracestore.call_figure(cover) AS figure
    JOIN pair p USING (operation_id, parent_operation_id)
    WHERE _step IS NOT NULL
    GROUP BY 1, 2
  )
  SELECT
    w.time_bucket, o.service_name, o.span_name, tracestore.span_kind(o.span_kind), w.calls::int8, w.self_ns_sum / 1e6
  FROM worked w
  LEFT JOIN tracestore.operation o ON o.id = w.named_operation_id;
END
$$;
COMMENT ON FUNCTION ps_trace.self_time_below IS 'How often the operations below an operation ran, and how long for themselves, in buckets of _step (NULL: one bucket). Of an empty _operation, below all of _service; of an empty _service, of the one that takes the most requests. Those that are not among the _count that take most (NULL: all are) come as one without a name. The walk is over operations, not over single traces: figures of an operation are of all calls that its callers here make. The range is widened as that of operation_call is';

CREATE FUNCTION ps_trace.self_time_percentiles_below(
  _service text, _operation text, _t_min timestamptz, _t_max timestamptz, _percentiles float8[] DEFAULT '{0.5,0.95,0.99}',
  _count int4 DEFAULT 50
)
RETURNS TABLE (service_name text, span_name text, calls int8, self_ms float8, self_share float8, percentiles_ms float8[])
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET jit = off SET enable_mergejoin = off SET enable_nestloop = off
SET enable_sort = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(_t_min, _t_max, NULL);
BEGIN
  -- The planner takes these for far fewer rows than they are, and would sort or compare each with each where hashing is faster.
  RETURN QUERY
  WITH below AS MATERIALIZED (
    SELECT b.operation_id, b.parent_operation_id, b.calls, b.self_ns_sum, o.service_name, o.span_name
    FROM tracestore.calls_reached(cover, _service, _operation, false) AS b
    JOIN tracestore.operation o ON o.id = b.operation_id
    WHERE b.is_asked OR b.is_followed
  ),
  total AS MATERIALIZED (
    SELECT
      row_number() OVER (ORDER BY sum(b.self_ns_sum) DESC, b.service_name, b.span_name) AS place,
      b.service_name, b.span_name, sum(b.calls) AS calls, sum(b.self_ns_sum) AS self_ns,
      sum(sum(b.self_ns_sum)) OVER () AS self_ns_of_all
    FROM below b
    GROUP BY b.service_name, b.span_name
    ORDER BY place
    LIMIT _count
  ),
  pair AS MATERIALIZED (
    SELECT t.place, b.operation_id, b.parent_operation_id
    FROM total t
    JOIN below b USING (service_name, span_name)
  ),
  entry AS (
    SELECT unnested.place, unnested.class, sum(unnested.calls) AS calls
    FROM (
      SELECT p.place, unnest(figure.self_class) AS class, unnest(figure.self_calls)::float8 AS calls
      FROM tracestore.call_figure(cover) AS figure
      JOIN pair p USING (operation_id, parent_operation_id)
      -- The few are found by their index, which a join does not reach through the union of levels.
      WHERE figure.operation_id = ANY (ARRAY(SELECT DISTINCT few.operation_id FROM pair few))
    ) AS unnested
    GROUP BY unnested.place, unnested.class
    HAVING sum(unnested.calls) > 0
  ),
  ranked AS (
    SELECT
      e.place, e.class, sum(e.calls) OVER (PARTITION BY e.place ORDER BY e.class) AS so_far,
      sum(e.calls) OVER (PARTITION BY e.place) AS of_calls
    FROM entry e
  ),
  wanted AS (
    SELECT r.place, asked.nr, min(r.class) FILTER (WHERE r.so_far >= asked.share * r.of_calls) AS class
    FROM ranked r
    CROSS JOIN unnest(_percentiles) WITH ORDINALITY AS asked (share, nr)
    GROUP BY r.place, asked.nr
  ),
  percentile AS (
    SELECT w.place, array_agg(ps_trace.class_ms(w.class::int4) ORDER BY w.nr) AS percentiles_ms FROM wanted w GROUP BY w.place
  )
  SELECT t.service_name, t.span_name, t.calls::int8, t.self_ns / 1e6, t.self_ns / nullif(t.self_ns_of_all, 0), p.percentiles_ms
  FROM total t
  JOIN percentile p USING (place)
  ORDER BY t.place;
END
$$;
COMMENT ON FUNCTION ps_trace.self_time_percentiles_below IS 'The operations that self_time_below finds for a whole range, the _count that take most in order, with their share of all of it and with percentiles of their self time (0 to 1, at most 4.5 % off)';

CREATE FUNCTION ps_trace.requests_compared(
  _before_min timestamptz, _before_max timestamptz, _now_min timestamptz, _now_max timestamptz, _percentile float8 DEFAULT 0.95
)
RETURNS TABLE (
  service_name text, span_name text, calls_before int8, calls_now int8, errors_before int8, errors_now int8,
  percentile_ms_before float8, percentile_ms_now float8, slow_before int8, slow_now int8
)
LANGUAGE plpgsql STABLE STRICT ROWS 500 SECURITY DEFINER SET jit = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover_before CONSTANT timestamptz[] := ps_trace.call_cover(_before_min, _before_max, NULL);
  cover_now CONSTANT timestamptz[] := ps_trace.call_cover(_now_min, _now_max, NULL);
  -- Stands behind the classes of durations, which end with 512.
  of_errors CONSTANT int2 := 1023;
BEGIN
  RETURN QUERY
  WITH named AS MATERIALIZED (
    -- Those of several kinds have one name.
    SELECT o.id, o.service_name, o.span_name, dense_rank() OVER (ORDER BY o.service_name, o.span_name) AS number
    FROM tracestore.operation o
  ),
  -- An operation and a class as one number, which is hashed and sorted faster than two are.
  entry AS MATERIALIZED (
    SELECT
      unnested.key,
      coalesce(sum(unnested.calls) FILTER (WHERE NOT unnested.is_now), 0)::float8 AS calls_before,
      coalesce(sum(unnested.calls) FILTER (WHERE unnested.is_now), 0)::float8 AS calls_now
    FROM (
      SELECT
        figure.is_now,
        n.number << 10 | unnest(
          CASE figure.errors WHEN 0 THEN figure.duration_class ELSE figure.duration_class || of_errors END
        )::int8 AS key,
        unnest(CASE figure.errors WHEN 0 THEN figure.duration_calls ELSE figure.duration_calls || figure.errors::int4 END) AS calls
      FROM (
        SELECT false AS is_now, f.operation_id, f.parent_operation_id, f.errors, f.duration_class, f.duration_calls
        FROM tracestore.call_figure(cover_before) AS f
        UNION ALL
        SELECT true, f.operation_id, f.parent_operation_id, f.errors, f.duration_class, f.duration_calls
        FROM tracestore.call_figure(cover_now) AS f
      ) AS figure
      JOIN named n ON n.id = figure.operation_id
      LEFT JOIN tracestore.operation p ON p.id = figure.parent_operation_id
      WHERE p.service_name IS DISTINCT FROM n.service_name
    ) AS unnested
    GROUP BY unnested.key
  ),
  total AS (
    SELECT
      e.key >> 10 AS number,
      coalesce(sum(e.calls_before) FILTER (WHERE e.key & 1023 <> of_errors), 0) AS calls_before,
      coalesce(sum(e.calls_now) FILTER (WHERE e.key & 1023 <> of_errors), 0) AS calls_now,
      coalesce(sum(e.calls_before) FILTER (WHERE e.key & 1023 = of_errors), 0) AS errors_before,
      coalesce(sum(e.calls_now) FILTER (WHERE e.key & 1023 = of_errors), 0) AS errors_now
    FROM entry e
    GROUP BY e.key >> 10
  ),
  -- How many calls took longer: one running sum over all operations, less what those ahead have, which is far faster than to
  -- begin again with each.
  ranked AS (
    SELECT
      e.key, e.calls_before, e.calls_now,
      sum(e.calls_before) OVER ahead - e.calls_before AS ahead_before,
      sum(e.calls_now) OVER ahead - e.calls_now AS ahead_now
    FROM entry e
    WHERE e.key & 1023 <> of_errors
    WINDOW ahead AS (ORDER BY e.key DESC ROWS UNBOUNDED PRECEDING)
  ),
  operation AS (
    SELECT
      t.*,
      sum(t.calls_before) OVER ahead - t.calls_before AS ahead_before,
      sum(t.calls_now) OVER ahead - t.calls_now AS ahead_now
    FROM total t
    WHERE t.calls_before > 0 OR t.calls_now > 0
    WINDOW ahead AS (ORDER BY t.number DESC ROWS UNBOUNDED PRECEDING)
  ),
  longer AS (
    SELECT
      o.number, r.key & 1023 AS class,
      r.ahead_before - o.ahead_before AS before,
      r.ahead_now - o.ahead_now AS now,
      r.calls_before > 0 AND r.ahead_before - o.ahead_before <= (1 - _percentile) * o.calls_before AS is_slow_before,
      r.calls_now > 0 AND r.ahead_now - o.ahead_now <= (1 - _percentile) * o.calls_now AS is_slow_now
    FROM ranked r
    JOIN operation o ON o.number = r.key >> 10
  ),
  percentile AS (
    SELECT
      l.number,
      min(l.class) FILTER (WHERE l.is_slow_before) AS class_before,
      min(l.class) FILTER (WHERE l.is_slow_now) AS class_now,
      -- The shorter a class is, the more calls are longer.
      max(l.before) FILTER (WHERE l.is_slow_before) AS slow_before,
      max(l.now) FILTER (WHERE l.is_slow_before) AS slow_now
    FROM longer l
    GROUP BY l.number
  )
  SELECT
    n.service_name, n.span_name, o.calls_before::int8, o.calls_now::int8, o.errors_before::int8, o.errors_now::int8,
    ps_trace.class_ms(p.class_before::int4), ps_trace.class_ms(p.class_now::int4), p.slow_before::int8, p.slow_now::int8
  FROM operation o
  JOIN percentile p USING (number)
  JOIN (SELECT DISTINCT d.number, d.service_name, d.span_name FROM named d) AS n USING (number);
END
$$;
COMMENT ON FUNCTION ps_trace.requests_compared IS 'What operations were asked for from outside of their service in one range and in another: calls, errors, a percentile (0 to 1, at most 4.5 % off) of their durations in milliseconds, and how many calls took longer than that of the first range did. The ranges are widened as that of operation_call is';

COMMENT ON FUNCTION ps_trace.service_call IS 'What spans did that start from _t_min to before _t_max, by their service and that of their parent: operation_call without the operations, of so few rows that any range and step is answered at once. The parent''s service is the same one for calls within a service. To be summed: there are several rows for the same. The range is widened as that of operation_call is';

CREATE FUNCTION ps_trace.time_of(_text text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN CASE
  WHEN _text = 'now' THEN now()
  WHEN _text ~ '^now[+-]\d{1,6}[smhdw]$'
    THEN now() + substr(_text, 4, length(_text) - 4)::int4 * ('1' || replace(right(_text, 1), 'm', 'min'))::interval
  ELSE _text::timestamptz
END;
COMMENT ON FUNCTION ps_trace.time_of IS 'A time given in words as dashboards give it: now, now-15m, now-24h, now-7d, or any that PostgreSQL reads';

CREATE FUNCTION ps_trace.step_of(_text text, _t_min timestamptz, _t_max timestamptz) RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN CASE
  WHEN _text NOT IN ('auto', 'sparse') THEN _text::interval
  WHEN _t_max - _t_min <= interval '20 minutes' AND _text = 'auto' THEN interval '10 seconds'
  WHEN _t_max - _t_min <= CASE _text WHEN 'auto' THEN interval '2 hours' ELSE interval '30 minutes' END THEN interval '1 minute'
  WHEN _t_max - _t_min <= CASE _text WHEN 'auto' THEN interval '25 hours' ELSE interval '6 hours' END THEN interval '5 minutes'
  WHEN _t_max - _t_min <= interval '8 days' THEN interval '1 hour'
  ELSE interval '6 hours'
END;
COMMENT ON FUNCTION ps_trace.step_of IS 'The step of a series over a range: the one that is given; with auto one of which there are some hundred in the range; with sparse one of which there are fewer, for many series at once';

CREATE FUNCTION ps_trace.class_ms(_class int4) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN _class = 0 THEN 0 ELSE power(2, (_class - 0.5::float8) / 8) / 1e6 END;
COMMENT ON FUNCTION ps_trace.class_ms IS 'The duration in milliseconds that stands for a class: at most 4.5 % from any in it. Class 0 is no duration; class c from 2^((c-1)/8) to below 2^(c/8) ns';

CREATE FUNCTION ps_trace.class_percentile(_percentile float8, _class int2[], _calls int8[]) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT ps_trace.class_ms(reached.class)
  FROM (
    SELECT entry.class, sum(sum(entry.calls)) OVER (ORDER BY entry.class) AS so_far, sum(sum(entry.calls)) OVER () AS calls
    FROM unnest(_class, _calls) AS entry (class, calls)
    GROUP BY entry.class
  ) AS reached
  WHERE reached.so_far >= _percentile * reached.calls AND reached.so_far > 0
  ORDER BY reached.class
  LIMIT 1
$$;
COMMENT ON FUNCTION ps_trace.class_percentile IS 'The duration in milliseconds that this share (0 to 1) of calls does not exceed, from classes and how many calls each has: at most 4.5 % off. NULL when there are no calls';
