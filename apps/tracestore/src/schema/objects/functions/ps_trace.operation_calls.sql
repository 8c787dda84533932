CREATE OR REPLACE FUNCTION ps_trace.operation_calls(_start_time_min timestamptz, _start_time_max timestamptz)
RETURNS TABLE (parent_operation_id int8, child_operation_id int8, cnt int8)
-- No nested loops: they would look for each span's parent in the index of traces.
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- Spans that share an id and an operation count together, so that they are not joined one by one.
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
COMMENT ON FUNCTION ps_trace.operation_calls IS 'How often operations called operations: pairs of a span and its parent, both of which started after _start_time_min and before _start_time_max. _ps_trace.operation says what the ids are. Reads every span of that time';
