CREATE OR REPLACE FUNCTION ps_trace.downstream_calls(_service text, _operation text, _t_min timestamptz, _t_max timestamptz)
RETURNS TABLE (
  parent_node_id int8, parent_service_name text, parent_span_name text, node_id int8, service_name text, span_name text,
  is_asked boolean, is_followed boolean, calls int8, errors int8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE sql STABLE ROWS 5000 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM tracestore.call_graph(_service, _operation, _t_min, _t_max, false)
$$;
COMMENT ON FUNCTION ps_trace.downstream_calls IS 'All calls of an operation (is_asked), of those that it calls, and of those that they call: the graph below it. is_followed: the caller is one of those, too; the rest are calls by others, and roots. A node is a service and a name, and node_id stands for it in all answers about the same range. Of an empty _operation, from all of _service; of an empty _service, from the one that takes the most requests. The walk is over operations, not over single traces: figures of an operation are of all its calls, whoever they are made for. The range is widened as that of operation_call is';
