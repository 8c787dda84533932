CREATE OR REPLACE FUNCTION tracestore.calls_reached(p_cover timestamptz[], p_service text, p_operation text, p_is_upstream boolean)
RETURNS TABLE (
  operation_id int8, parent_operation_id int8, node_id int8, parent_node_id int8, is_asked boolean, is_followed boolean,
  calls float8, errors float8, duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE plpgsql STABLE ROWS 5000 SET jit = off SET enable_mergejoin = off SET enable_nestloop = off AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE pair AS MATERIALIZED (
    SELECT
      aggregate.operation_id, aggregate.parent_operation_id,
      sum(aggregate.calls::float8) AS calls, sum(aggregate.errors::float8) AS errors,
      sum(aggregate.duration_ns_sum) AS duration_ns_sum, sum(aggregate.self_ns_sum) AS self_ns_sum
    FROM tracestore.aggregate_rows(p_cover) AS aggregate
    GROUP BY aggregate.operation_id, aggregate.parent_operation_id
    HAVING sum(aggregate.calls::float8) > 0
  ),
  -- Operations with the same service and name are one node, of any kind.
  node AS MATERIALIZED (
    SELECT
      o.id AS operation_id, o.service_name, o.span_name,
      min(o.id) OVER (PARTITION BY o.service_name, o.span_name) AS id
    FROM tracestore.operation o
    WHERE o.id IN (SELECT p.operation_id FROM pair p UNION ALL SELECT p.parent_operation_id FROM pair p)
  ),
  edge AS MATERIALIZED (
    SELECT
      p.*, called.id AS node_id, called.service_name, caller.id AS parent_node_id, caller.service_name AS parent_service_name
    FROM pair p
    JOIN node called ON called.operation_id = p.operation_id
    LEFT JOIN node caller ON caller.operation_id = p.parent_operation_id
  ),
  asked_service AS MATERIALIZED (
    SELECT coalesce(nullif(p_service, ''), (
      SELECT e.service_name
      FROM edge e
      WHERE CASE WHEN p_is_upstream THEN e.parent_service_name <> e.service_name ELSE e.parent_operation_id = 0 END
      GROUP BY e.service_name
      ORDER BY sum(e.calls) DESC, e.service_name
      LIMIT 1
    )) AS name
  ),
  asked AS MATERIALIZED (
    SELECT n.id
    FROM node n
    WHERE n.service_name = (SELECT name FROM asked_service) AND coalesce(p_operation, '') IN ('', n.span_name)
      AND n.id IN (SELECT e.node_id FROM edge e)
  ),
  step AS MATERIALIZED (
    SELECT
      CASE WHEN p_is_upstream THEN e.node_id ELSE e.parent_node_id END AS from_id,
      CASE WHEN p_is_upstream THEN e.parent_node_id ELSE e.node_id END AS to_id
    FROM edge e
    WHERE e.parent_node_id IS NOT NULL
  ),
  reached AS (
    SELECT id FROM asked
    UNION
    SELECT s.to_id FROM reached r JOIN step s ON s.from_id = r.id
  )
  SELECT
    e.operation_id, e.parent_operation_id, e.node_id, e.parent_node_id,
    e.node_id IN (SELECT id FROM asked), e.parent_node_id IS NOT NULL AND e.parent_node_id IN (SELECT id FROM reached),
    e.calls, e.errors, e.duration_ns_sum, e.self_ns_sum
  FROM edge e
  WHERE e.node_id IN (SELECT id FROM reached);
END
$$;
COMMENT ON FUNCTION tracestore.calls_reached IS 'All calls of the operations that the walk from an operation reaches, by their callers or by the operations that they call. Without p_operation the walk starts from all operations of p_service. Without p_service it starts from the service with the most calls from other services (upstream) or with the most root spans (downstream). is_asked is true if the walk starts from the operation, is_followed if the walk reaches the caller too. A node is a service and a name. The walk is over operations, not over single traces';
