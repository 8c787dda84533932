CREATE OR REPLACE FUNCTION ps_trace.upstream_spans(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, dist int4, path int8[])
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH walk AS MATERIALIZED (
    SELECT w.place, w.span_id, w.parent_span_id, w.lvl FROM tracestore.trace_walk(_trace_id) w
  ),
  here AS MATERIALIZED (
    SELECT h.place, h.lvl FROM walk h WHERE h.span_id = _span_id ORDER BY h.place LIMIT 10
  ),
  -- Parents come before their children, so on each level the ancestor of a span is the last span before it.
  ancestor AS MATERIALIZED (
    SELECT DISTINCT ON (here.place, up.lvl)
      here.place AS from_place, here.lvl AS from_lvl, up.span_id, up.parent_span_id, up.lvl
    FROM here
    JOIN walk up ON up.place <= here.place AND up.lvl <= here.lvl
    ORDER BY here.place, up.lvl, up.place DESC
  ),
  way AS (
    SELECT a.from_place, array_agg(a.span_id ORDER BY a.lvl) AS span_ids FROM ancestor a GROUP BY a.from_place
  )
  SELECT
    _trace_id, a.parent_span_id, a.span_id, a.from_lvl - a.lvl,
    CASE WHEN a.from_lvl - a.lvl < 1000 THEN way.span_ids[a.lvl:a.from_lvl] END
  FROM ancestor a
  JOIN way ON way.from_place = a.from_place
  WHERE a.lvl = a.from_lvl OR _max_dist IS NULL OR a.from_lvl - a.lvl <= _max_dist
  ORDER BY a.from_place, a.lvl DESC;
END;
COMMENT ON FUNCTION ps_trace.upstream_spans IS 'A span and all spans above it, up to the root. dist is the distance (0: the span itself, at most _max_dist). path holds the span ids from it down to the span (NULL from distance 1000 on). If more than 10 spans share the id, the first 10 count. Empty where the trace has no such span';
