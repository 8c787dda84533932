CREATE OR REPLACE FUNCTION ps_trace.trace_tree(_trace_id ps_trace.trace_id)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, lvl int4, path int8[])
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT _trace_id, w.parent_span_id, w.span_id, w.lvl, w.path FROM tracestore.trace_walk(_trace_id) w;
END;
COMMENT ON FUNCTION ps_trace.trace_tree IS 'Every span of a trace once, parents before their children, siblings in the order of their start. lvl is its level (1 for a root), and path the span ids from the root to it (NULL below level 1000). A span whose parent is not stored is a root and keeps its parent_span_id; so does the earliest span of a cycle. Where spans share an id, the earliest has the children';
