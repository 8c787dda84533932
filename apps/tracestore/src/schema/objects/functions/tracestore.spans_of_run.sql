CREATE OR REPLACE FUNCTION tracestore.spans_of_run(p_run tracestore.run, p_oversized int4[])
RETURNS TABLE (
  trace_nr int4, span_id int8, parent_span_id int8, start_time timestamptz, end_time timestamptz, start_nanos int2,
  end_nanos int2, operation_id int8, instance int4, flags int2
)
LANGUAGE plpgsql
-- Reads trace by trace, each by the index of traces alone: the planner's statistics of new tables are wrong. Only this index
-- finds all spans of a trace. For an oversized trace, an index by time is better: only a part of the trace is read.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET jit = off SET work_mem = '64MB' AS $$
DECLARE
  reach CONSTANT interval := 2 * tracestore.call_reach();
  bounds CONSTANT tracestore.trace_bounds[] := tracestore.traces_of_run(p_run);
  source text;
BEGIN
  source := tracestore.span_source(
    (SELECT min(b.start_min) FROM unnest(bounds) AS b) - reach, (SELECT max(b.start_max) FROM unnest(bounds) AS b) + reach
  );
  IF p_oversized <> '{}' THEN
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
    CASE WHEN p_oversized = '{}'
      THEN 'span.trace_id = bound.trace_id AND span.start_time >= bound.start_from AND span.start_time <= bound.start_to LIMIT $4 + 1'
      ELSE 'span.trace_id::text = bound.trace_id::text AND span.start_time >= bound.start_min AND span.start_time <= bound.start_max'
    END
  )
  USING
    reach, bounds, p_oversized, tracestore.most_spans_of_trace(),
    -- The id that age() counts from.
    pg_current_xact_id()::text::int8,
    ARRAY(SELECT m.transaction_id FROM tracestore.span_move m),
    pg_snapshot_xmax(p_run.seen_before)::text::int8, ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(p_run.seen_before) AS x),
    pg_snapshot_xmax(p_run.seen_after)::text::int8, ARRAY(SELECT x::text::int8 FROM pg_snapshot_xip(p_run.seen_after) AS x),
    p_run.slice IS NULL, coalesce(lower(p_run.slice), '-infinity'), coalesce(upper(p_run.slice), 'infinity');
  -- A compression ends with a truncation, which removes the rows for older snapshots too.
  IF EXISTS (
    SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'tracestore.span'::regclass AND c.relfilenode <> pg_relation_filenode(c.oid)
  ) THEN
    RAISE EXCEPTION 'spans were compressed during the run' USING ERRCODE = 'serialization_failure';
  END IF;
END
$$;
COMMENT ON FUNCTION tracestore.spans_of_run IS 'The spans that a run aggregates, and the spans of their traces that start within twice call_reach of them, trace by trace. The column flags is a sum: 1 root, 2 status error, 4 aggregated by an earlier run, 8 outside of the slice. A trace with more than most_spans_of_trace such spans is oversized, and the function returns one span more than that. p_oversized holds numbers of oversized traces. Unless it is empty, the function returns only their spans to aggregate';
