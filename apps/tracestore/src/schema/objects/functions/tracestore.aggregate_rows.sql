CREATE OR REPLACE FUNCTION tracestore.aggregate_rows(p_cover timestamptz[]) RETURNS SETOF tracestore.call_10s
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT * FROM tracestore.call_10s WHERE time_bucket >= p_cover[1] AND time_bucket < p_cover[2]
  UNION ALL
  SELECT * FROM tracestore.call_5m WHERE time_bucket >= p_cover[2] AND time_bucket < p_cover[3]
  UNION ALL
  SELECT * FROM tracestore.call_1h WHERE time_bucket >= p_cover[3] AND time_bucket < p_cover[4]
  UNION ALL
  SELECT * FROM tracestore.call_5m WHERE time_bucket >= p_cover[4] AND time_bucket < p_cover[5]
  UNION ALL
  SELECT * FROM tracestore.call_10s WHERE time_bucket >= p_cover[5] AND time_bucket < p_cover[6]
$$;
COMMENT ON FUNCTION tracestore.aggregate_rows IS 'The rows in the ranges of call_cover, with operation ids. Sums by id are several times faster than sums by name. float8 holds these counts exactly, and its sums are faster than those of int8, which are numeric';
