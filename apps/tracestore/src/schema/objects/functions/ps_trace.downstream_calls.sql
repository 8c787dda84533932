CREATE OR REPLACE FUNCTION ps_trace.downstream_calls(_service text, _operation text, _t_min timestamptz, _t_max timestamptz)
RETURNS TABLE (
  parent_node_id int8, parent_service_name text, parent_span_name text, node_id int8, service_name text, span_name text,
  is_asked boolean, is_followed boolean, calls int8, errors int8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE sql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM tracestore.call_graph(_service, _operation, _t_min, _t_max, false)
$$;
COMMENT ON FUNCTION ps_trace.downstream_calls IS 'All calls of an operation (is_asked), of the operations that it calls, and of those that they call: the graph below it. is_followed is true if the caller is one of these. Other rows are calls by other operations, and roots. A node is a service and a name, and node_id is the same in all results for the same range. An empty _operation starts from all of _service; an empty _service starts from the service with the most root spans. The walk is over operations, not over single traces, so a sum counts all calls of an operation, for all callers. The range is widened as in operation_call';
