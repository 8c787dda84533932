CREATE OR REPLACE FUNCTION tracestore.has_uncounted_spans(p_from timestamptz, p_to timestamptz) RETURNS boolean
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
COMMENT ON FUNCTION tracestore.has_uncounted_spans IS 'Whether spans that start in this range are not aggregated yet, or have to be aggregated again';
