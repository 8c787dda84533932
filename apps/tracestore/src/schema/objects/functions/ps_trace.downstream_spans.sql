CREATE OR REPLACE FUNCTION ps_trace.downstream_spans(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, dist int4, path int8[])
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH walk AS MATERIALIZED (
    SELECT w.place, w.span_id, w.parent_span_id, w.lvl, w.path FROM tracestore.trace_walk(_trace_id) w
  ),
  -- The spans below a span follow it, up to the next span that is not deeper.
  here AS MATERIALIZED (
    SELECT
      h.place, h.lvl,
      coalesce((SELECT min(n.place) FROM walk n WHERE n.place > h.place AND n.lvl <= h.lvl), 2147483647) AS next_place
    FROM (SELECT w.place, w.lvl FROM walk w WHERE w.span_id = _span_id ORDER BY w.place LIMIT 10) h
  )
  SELECT _trace_id, w.parent_span_id, w.span_id, w.lvl - here.lvl, w.path[here.lvl:w.lvl]
  FROM here
  JOIN walk w ON w.place >= here.place AND w.place < here.next_place
  WHERE w.lvl = here.lvl OR _max_dist IS NULL OR w.lvl - here.lvl <= _max_dist
  ORDER BY here.place, w.place;
END;
COMMENT ON FUNCTION ps_trace.downstream_spans IS 'A span and all spans below it, parents before their children. dist is the distance (0: the span itself, at most _max_dist). path holds the span ids from the span to it (NULL below level 1000 of the trace). If more than 10 spans share the id, the first 10 count. Empty where the trace has no such span';
