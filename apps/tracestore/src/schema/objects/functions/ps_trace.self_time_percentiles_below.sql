CREATE OR REPLACE FUNCTION ps_trace.self_time_percentiles_below(
  _service text, _operation text, _t_min timestamptz, _t_max timestamptz, _percentiles float8[] DEFAULT '{0.5,0.95,0.99}',
  _count int4 DEFAULT 50
)
RETURNS TABLE (service_name text, span_name text, calls int8, self_ms float8, self_share float8, percentiles_ms float8[])
LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET jit = off SET enable_mergejoin = off SET enable_nestloop = off
SET enable_sort = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover CONSTANT timestamptz[] := ps_trace.call_cover(_t_min, _t_max, NULL);
BEGIN
  -- The planner expects far fewer rows and would sort or use nested loops, but hashing is faster.
  RETURN QUERY
  WITH below AS MATERIALIZED (
    SELECT b.operation_id, b.parent_operation_id, b.calls, b.self_ns_sum, o.service_name, o.span_name
    FROM tracestore.calls_reached(cover, _service, _operation, false) AS b
    JOIN tracestore.operation o ON o.id = b.operation_id
    WHERE b.is_asked OR b.is_followed
  ),
  total AS MATERIALIZED (
    SELECT
      row_number() OVER (ORDER BY sum(b.self_ns_sum) DESC, b.service_name, b.span_name) AS place,
      b.service_name, b.span_name, sum(b.calls) AS calls, sum(b.self_ns_sum) AS self_ns,
      sum(sum(b.self_ns_sum)) OVER () AS self_ns_of_all
    FROM below b
    GROUP BY b.service_name, b.span_name
    ORDER BY place
    LIMIT _count
  ),
  pair AS MATERIALIZED (
    SELECT t.place, b.operation_id, b.parent_operation_id
    FROM total t
    JOIN below b USING (service_name, span_name)
  ),
  entry AS (
    SELECT unnested.place, unnested.bucket, sum(unnested.calls) AS calls
    FROM (
      SELECT p.place, unnest(aggregate.self_bucket) AS bucket, unnest(aggregate.self_calls)::float8 AS calls
      FROM tracestore.aggregate_rows(cover) AS aggregate
      JOIN pair p USING (operation_id, parent_operation_id)
      -- The condition uses the index by operation, which a join cannot use through the UNION of widths.
      WHERE aggregate.operation_id = ANY (ARRAY(SELECT DISTINCT few.operation_id FROM pair few))
    ) AS unnested
    GROUP BY unnested.place, unnested.bucket
    HAVING sum(unnested.calls) > 0
  ),
  ranked AS (
    SELECT
      e.place, e.bucket, sum(e.calls) OVER (PARTITION BY e.place ORDER BY e.bucket) AS so_far,
      sum(e.calls) OVER (PARTITION BY e.place) AS of_calls
    FROM entry e
  ),
  wanted AS (
    SELECT r.place, asked.nr, min(r.bucket) FILTER (WHERE r.so_far >= asked.share * r.of_calls) AS bucket
    FROM ranked r
    CROSS JOIN unnest(_percentiles) WITH ORDINALITY AS asked (share, nr)
    GROUP BY r.place, asked.nr
  ),
  percentile AS (
    SELECT w.place, array_agg(ps_trace.bucket_ms(w.bucket::int4) ORDER BY w.nr) AS percentiles_ms FROM wanted w GROUP BY w.place
  )
  SELECT t.service_name, t.span_name, t.calls::int8, t.self_ns / 1e6, t.self_ns / nullif(t.self_ns_of_all, 0), p.percentiles_ms
  FROM total t
  JOIN percentile p USING (place)
  ORDER BY t.place;
END
$$;
COMMENT ON FUNCTION ps_trace.self_time_percentiles_below IS 'The _count operations of self_time_below with the most self time in a range, in order. self_share is their share of all self time, percentiles_ms the percentiles of it (0 to 1, at most 4.5 % off)';
