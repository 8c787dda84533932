CREATE OR REPLACE FUNCTION ps_trace.slowest_requests(_t_min timestamptz, _t_max timestamptz, _count int4 DEFAULT 10)
RETURNS TABLE (
  trace_id ps_trace.trace_id, trace_id_hex text, service_name text, span_name text, start_time timestamptz, duration_ms float8
)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET jit = off SET enable_bitmapscan = off SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- The slowest span of most blocks is a root, so _count blocks are usually enough. Twice as many are read at first.
  block_count int8 := 2 * _count;
  is_final boolean;
  found tracestore.slow_request[];
BEGIN
  IF _count < 1 OR _count > 1000 THEN
    RAISE EXCEPTION '_count must be from 1 to 1000, got %', _count USING ERRCODE = 'invalid_parameter_value';
  END IF;
  LOOP
    -- EXECUTE plans each time, because the best index depends on the range. The result is final when no other block can have a
    -- slower request.
    EXECUTE
      'WITH block AS MATERIALIZED (
         SELECT b.trace_ids, b.start_min, b.start_max, b.duration_ns_max
         FROM tracestore.span_block b
         WHERE b.start_max >= $1 AND b.start_max <= $2 + interval ''1 hour'' AND b.start_min < $2
         ORDER BY b.duration_ns_max DESC
         LIMIT $3
       ),
       trace AS MATERIALIZED (
         SELECT t.trace_id, min(b.start_min) AS start_min, max(b.start_max) AS start_max
         FROM block b, unnest(b.trace_ids) AS t (trace_id)
         GROUP BY t.trace_id
       ),
       slow AS (
         SELECT s.trace_id, s.trace_id_hex, s.service_name, s.span_name, s.start_time, s.duration_ms
         FROM trace t
         CROSS JOIN LATERAL (
           SELECT f.trace_id, f.trace_id_hex, f.service_name, f.span_name, f.start_time, f.duration_ms
           FROM tracestore.full_span f
           WHERE f.trace_id = t.trace_id AND f.start_time BETWEEN t.start_min AND t.start_max
             AND f.start_time >= $1 AND f.start_time < $2 AND f.is_root_span
           OFFSET 0
         ) AS s
         ORDER BY s.duration_ms DESC, s.start_time, s.trace_id
         LIMIT $4
       )
       SELECT
         (SELECT count(*) FROM block) < $3
           OR (SELECT count(*) FROM slow WHERE duration_ms >= (SELECT min(duration_ns_max) / 1e6 FROM block)) >= $4,
         ARRAY(SELECT ROW(s.*)::tracestore.slow_request FROM slow s)'
    INTO is_final, found USING _t_min, _t_max, block_count, _count;
    EXIT WHEN is_final;
    block_count := block_count * 4;
  END LOOP;
  RETURN QUERY SELECT * FROM unnest(found);
END
$$;
COMMENT ON FUNCTION ps_trace.slowest_requests IS 'The _count (1 to 1000) slowest requests that started from _t_min to before _t_max, slowest first. A request is a root span';
