CREATE OR REPLACE FUNCTION ps_trace.operation_call_total(_t_min timestamptz, _t_max timestamptz)
RETURNS TABLE (
  parent_service_name text, parent_span_name text, parent_span_kind ps_trace.span_kind,
  service_name text, span_name text, span_kind ps_trace.span_kind, is_root boolean, calls int8, errors int8,
  duration_ns_sum float8, self_ns_sum float8
)
LANGUAGE plpgsql STABLE STRICT ROWS 5000 SECURITY DEFINER SET jit = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(_t_min, _t_max, NULL);
BEGIN
  -- Sums before it joins the names: there are ten times as many rows as pairs of operations.
  RETURN QUERY
  SELECT
    CASE WHEN total.parent_operation_id = -1 AND o.span_kind NOT IN (2, 5) THEN o.service_name ELSE p.service_name END,
    p.span_name, tracestore.span_kind(p.span_kind),
    o.service_name, o.span_name, tracestore.span_kind(o.span_kind), total.parent_operation_id = 0,
    total.calls::int8, total.errors::int8, total.duration_ns_sum, total.self_ns_sum
  FROM (
    SELECT
      aggregate.operation_id, aggregate.parent_operation_id,
      sum(aggregate.calls::float8) AS calls, sum(aggregate.errors::float8) AS errors,
      sum(aggregate.duration_ns_sum) AS duration_ns_sum, sum(aggregate.self_ns_sum) AS self_ns_sum
    FROM tracestore.aggregate_rows(cover) AS aggregate
    GROUP BY aggregate.operation_id, aggregate.parent_operation_id
    HAVING sum(aggregate.calls::float8) > 0
  ) AS total
  LEFT JOIN tracestore.operation o ON o.id = total.operation_id
  LEFT JOIN tracestore.operation p ON p.id = total.parent_operation_id;
END
$$;
COMMENT ON FUNCTION ps_trace.operation_call_total IS 'The sums of operation_call over a range, without buckets of durations: one row per operation and operation of the parent. The range is widened as in operation_call';
