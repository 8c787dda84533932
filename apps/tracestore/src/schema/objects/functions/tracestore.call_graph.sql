CREATE OR REPLACE FUNCTION tracestore.call_graph(
  p_service text, p_operation text, p_t_min timestamptz, p_t_max timestamptz, p_is_upstream boolean
)
RETURNS TABLE (
  parent_node_id int8, parent_service_name text, parent_span_name text, node_id int8, service_name text, span_name text,
  is_asked boolean, is_followed boolean, calls int8, errors int8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE plpgsql STABLE ROWS 5000 SET jit = off SET enable_mergejoin = off SET enable_nestloop = off SET enable_sort = off AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(p_t_min, p_t_max, NULL);
BEGIN
  RETURN QUERY
  SELECT
    edge.parent_node_id, caller.service_name, caller.span_name, edge.node_id, called.service_name, called.span_name,
    edge.is_asked, edge.is_followed, edge.calls::int8, edge.errors::int8, edge.duration_ns_sum, edge.self_ns_sum
  FROM (
    SELECT
      reached.parent_node_id, reached.node_id, reached.is_asked, reached.is_followed,
      sum(reached.calls) AS calls, sum(reached.errors) AS errors,
      sum(reached.duration_ns_sum) AS duration_ns_sum, sum(reached.self_ns_sum) AS self_ns_sum
    FROM tracestore.calls_reached(cover, p_service, p_operation, p_is_upstream) AS reached
    GROUP BY reached.parent_node_id, reached.node_id, reached.is_asked, reached.is_followed
  ) AS edge
  JOIN tracestore.operation called ON called.id = edge.node_id
  LEFT JOIN tracestore.operation caller ON caller.id = edge.parent_node_id;
END
$$;
COMMENT ON FUNCTION tracestore.call_graph IS 'The calls that calls_reached finds, with the names of operations';
