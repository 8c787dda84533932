CREATE OR REPLACE FUNCTION ps_trace.operation_calls(_start_time_min timestamptz, _start_time_max timestamptz)
RETURNS TABLE (parent_operation_id int8, child_operation_id int8, cnt int8)
-- No nested loops: they would look up the parent of each span in the index by trace.
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- Groups spans with the same id and operation first, so that the join has one row for them.
  WITH parent AS (
    SELECT s.trace_id, s.span_id, s.operation_id, count(*) AS spans
    FROM tracestore.span s
    WHERE s.start_time > _start_time_min AND s.start_time < _start_time_max
    GROUP BY s.trace_id, s.span_id, s.operation_id
  ),
  child AS (
    SELECT s.trace_id, s.parent_span_id, s.operation_id, count(*) AS spans
    FROM tracestore.span s
    WHERE s.start_time > _start_time_min AND s.start_time < _start_time_max AND s.parent_span_id IS NOT NULL
    GROUP BY s.trace_id, s.parent_span_id, s.operation_id
  )
  SELECT parent.operation_id, child.operation_id, sum(parent.spans * child.spans)::int8
  FROM child
  JOIN parent ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_span_id
  GROUP BY parent.operation_id, child.operation_id;
END;
COMMENT ON FUNCTION ps_trace.operation_calls IS 'How often operations called operations: the number of pairs of a span and its parent that both start after _start_time_min and before _start_time_max. _ps_trace.operation has the names of the ids. Reads every span of that time';
