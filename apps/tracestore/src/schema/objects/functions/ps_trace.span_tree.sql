CREATE OR REPLACE FUNCTION ps_trace.span_tree(_trace_id ps_trace.trace_id, _span_id int8, _max_dist int4 DEFAULT NULL)
RETURNS TABLE (
  trace_id ps_trace.trace_id, parent_span_id int8, span_id int8, dist int4, is_upstream boolean, is_downstream boolean,
  path int8[]
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT u.trace_id, u.parent_span_id, u.span_id, u.dist, true, false, u.path
  FROM ps_trace.upstream_spans(_trace_id, _span_id, _max_dist) u
  WHERE u.dist <> 0
  UNION ALL
  SELECT d.trace_id, d.parent_span_id, d.span_id, d.dist, false, d.dist <> 0, d.path
  FROM ps_trace.downstream_spans(_trace_id, _span_id, _max_dist) d;
END;
COMMENT ON FUNCTION ps_trace.span_tree IS 'The rows of upstream_spans and downstream_spans of a span. The span itself is one row at distance 0, neither upstream nor downstream';
