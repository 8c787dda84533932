CREATE OR REPLACE FUNCTION ps_trace.self_time_below(
  _service text, _operation text, _t_min timestamptz, _t_max timestamptz, _step interval DEFAULT NULL, _count int4 DEFAULT NULL
)
RETURNS TABLE (
  time_bucket timestamptz, service_name text, span_name text, span_kind ps_trace.span_kind, calls int8, self_ms float8
)
LANGUAGE plpgsql STABLE ROWS 1000 SECURITY DEFINER SET jit = off SET enable_mergejoin = off SET enable_sort = off
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(_t_min, _t_max, _step);
BEGIN
  -- The planner expects far fewer rows and would sort, but hashing is faster.
  RETURN QUERY
  WITH below AS MATERIALIZED (
    SELECT b.operation_id, b.parent_operation_id, b.calls, b.self_ns_sum, o.service_name, o.span_name
    FROM tracestore.calls_reached(cover, _service, _operation, false) AS b
    JOIN tracestore.operation o ON o.id = b.operation_id
    WHERE b.is_asked OR b.is_followed
  ),
  named AS MATERIALIZED (
    SELECT b.service_name, b.span_name
    FROM below b
    GROUP BY b.service_name, b.span_name
    ORDER BY sum(b.self_ns_sum) DESC, b.service_name, b.span_name
    LIMIT _count
  ),
  pair AS MATERIALIZED (
    SELECT
      b.operation_id, b.parent_operation_id, b.calls, b.self_ns_sum,
      CASE WHEN n.span_name IS NOT NULL THEN b.operation_id END AS named_operation_id
    FROM below b
    LEFT JOIN named n USING (service_name, span_name)
  ),
  worked AS (
    SELECT _t_min AS time_bucket, p.named_operation_id, sum(p.calls) AS calls, sum(p.self_ns_sum) AS self_ns_sum
    FROM pair p
    WHERE _step IS NULL
    GROUP BY p.named_operation_id
    UNION ALL
    SELECT
      date_bin(_step, aggregate.time_bucket, 'epoch'), p.named_operation_id,
      sum(aggregate.calls::float8), sum(aggregate.self_ns_sum)
    FROM tracestore.aggregate_rows(cover) AS aggregate
    JOIN pair p USING (operation_id, parent_operation_id)
    WHERE _step IS NOT NULL
    GROUP BY 1, 2
  )
  SELECT
    w.time_bucket, o.service_name, o.span_name, tracestore.span_kind(o.span_kind), w.calls::int8, w.self_ns_sum / 1e6
  FROM worked w
  LEFT JOIN tracestore.operation o ON o.id = w.named_operation_id;
END
$$;
COMMENT ON FUNCTION ps_trace.self_time_below IS 'How often the operations below an operation ran and their self time, in buckets of _step (NULL: one bucket). An empty _operation starts from all of _service; an empty _service starts from the service with the most root spans. Operations beyond the _count with the most self time (NULL: none) are one row without a name. The walk is over operations, not over single traces, so the sums of an operation count all calls by its callers here. The range is widened as in operation_call';
