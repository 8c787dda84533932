CREATE OR REPLACE FUNCTION ps_trace.sibling_spans(_trace_id ps_trace.trace_id, _span_id int8)
RETURNS TABLE (trace_id ps_trace.trace_id, parent_span_id int8, span_id int8)
-- No nested loops: the planner does not know how many spans the trace has.
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  WITH own AS MATERIALIZED (
    SELECT s.span_id, s.parent_span_id, s.start_time, s.start_nanos
    FROM tracestore.span s
    WHERE s.trace_id = _trace_id::uuid
  )
  SELECT _trace_id, own.parent_span_id, own.span_id
  FROM own
  WHERE own.parent_span_id IN (SELECT here.parent_span_id FROM own here WHERE here.span_id = _span_id)
  ORDER BY own.start_time, own.start_nanos;
END;
COMMENT ON FUNCTION ps_trace.sibling_spans IS 'The spans with the same parent as a span, including the span, in the order of their start. Empty for a span without a parent';
