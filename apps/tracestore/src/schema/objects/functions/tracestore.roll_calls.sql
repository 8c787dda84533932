CREATE OR REPLACE FUNCTION tracestore.roll_calls(p_from_table text, p_to_table text, p_from timestamptz, p_to timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  level CONSTANT tracestore.call_level := (SELECT l FROM tracestore.call_level l WHERE l.name = p_to_table);
BEGIN
  EXECUTE format(
    $query$
    WITH aggregate AS MATERIALIZED (%1$s),
    total AS (
      SELECT wide_bucket, %3$s, sum(calls)::int8 AS calls, sum(errors)::int8 AS errors,
        sum(duration_ns_sum) AS duration_ns_sum, sum(self_ns_sum) AS self_ns_sum
      FROM aggregate GROUP BY wide_bucket, %3$s
    ),
    duration AS (
      SELECT wide_bucket, %3$s, array_agg(bucket ORDER BY bucket) AS bucket, array_agg(n ORDER BY bucket) AS calls
      FROM (
        SELECT wide_bucket, %3$s, bucket, sum(n)::int4 AS n
        FROM (SELECT wide_bucket, %3$s, unnest(duration_bucket) AS bucket, unnest(duration_calls) AS n FROM aggregate) AS entry
        GROUP BY wide_bucket, %3$s, bucket HAVING sum(n) <> 0
      ) AS entry
      GROUP BY wide_bucket, %3$s
    ),
    self AS (
      SELECT wide_bucket, %3$s, array_agg(bucket ORDER BY bucket) AS bucket, array_agg(n ORDER BY bucket) AS calls
      FROM (
        SELECT wide_bucket, %3$s, bucket, sum(n)::int4 AS n
        FROM (SELECT wide_bucket, %3$s, unnest(self_bucket) AS bucket, unnest(self_calls) AS n FROM aggregate) AS entry
        GROUP BY wide_bucket, %3$s, bucket HAVING sum(n) <> 0
      ) AS entry
      GROUP BY wide_bucket, %3$s
    )
    INSERT INTO tracestore.%2$I (time_bucket, %3$s, calls, errors, duration_ns_sum, self_ns_sum,
      duration_bucket, duration_calls, self_bucket, self_calls)
    SELECT wide_bucket, %3$s, total.calls, errors, duration_ns_sum, self_ns_sum,
      coalesce(duration.bucket, '{}'), coalesce(duration.calls, '{}'), coalesce(self.bucket, '{}'), coalesce(self.calls, '{}')
    FROM total
    LEFT JOIN duration USING (wide_bucket, %3$s)
    LEFT JOIN self USING (wide_bucket, %3$s)
    WHERE total.calls <> 0 OR errors <> 0 OR duration_ns_sum <> 0 OR self_ns_sum <> 0 OR duration.bucket IS NOT NULL OR self.bucket IS NOT NULL
    -- Rows of roots are neighbours, and so are the calls of one operation.
    ORDER BY wide_bucket, %4$I
    $query$,
    format(
      CASE WHEN p_from_table = p_to_table
        THEN 'DELETE FROM tracestore.%I WHERE time_bucket >= $2 AND time_bucket < $3 RETURNING time_bucket AS wide_bucket, *'
        ELSE 'SELECT date_bin($1, time_bucket, ''epoch'') AS wide_bucket, * FROM tracestore.%I WHERE time_bucket >= $2 AND time_bucket < $3'
      END,
      p_from_table
    ),
    p_to_table,
    array_to_string(level.keys, ', '),
    level.keys[2]
  ) USING level.width, p_from, p_to;
END
$$;
COMMENT ON FUNCTION tracestore.roll_calls IS 'Sums the aggregates of a range to wider buckets in another table, or to one row per key in the same table';
