-- With hypertables the function reads the blocks: without the times of a trace, a search would read the filters of every
-- compressed chunk. With native partitions the index by trace is fast without them.
DO $trace_times$
BEGIN
  IF to_regclass('tracestore.span_block_by_trace') IS NOT NULL THEN
    CREATE OR REPLACE FUNCTION tracestore.trace_times(p_trace_ids uuid[])
    RETURNS TABLE (trace_id uuid, start_min timestamptz, start_max timestamptz)
    -- PostgreSQL reads a GIN index by a bitmap scan only, and sessions of the store have these off.
    LANGUAGE plpgsql STABLE ROWS 20
    SET enable_bitmapscan = on SET max_parallel_workers_per_gather = 0 AS $$
    BEGIN
      RETURN QUERY
      SELECT t.trace_id, min(b.start_min), max(b.start_max)
      FROM tracestore.span_block b, unnest(b.trace_ids) AS t (trace_id)
      WHERE b.trace_ids && p_trace_ids AND t.trace_id = ANY (p_trace_ids)
      GROUP BY t.trace_id;
    END
    $$;
  ELSE
    CREATE OR REPLACE FUNCTION tracestore.trace_times(p_trace_ids uuid[])
    RETURNS TABLE (trace_id uuid, start_min timestamptz, start_max timestamptz)
    LANGUAGE sql STABLE AS $$
      SELECT id, '-infinity'::timestamptz, 'infinity'::timestamptz FROM unnest(p_trace_ids) AS id
    $$;
  END IF;
END
$trace_times$;
COMMENT ON FUNCTION tracestore.trace_times IS 'Bounds of the start times of these traces, where a read by trace is faster with them; otherwise infinite bounds. A trace that is not stored can be missing';
