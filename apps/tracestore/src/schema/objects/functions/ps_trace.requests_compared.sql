CREATE OR REPLACE FUNCTION ps_trace.requests_compared(
  _before_min timestamptz, _before_max timestamptz, _now_min timestamptz, _now_max timestamptz, _percentile float8 DEFAULT 0.95
)
RETURNS TABLE (
  service_name text, span_name text, calls_before int8, calls_now int8, errors_before int8, errors_now int8,
  percentile_ms_before float8, percentile_ms_now float8, slow_before int8, slow_now int8
)
LANGUAGE plpgsql STABLE STRICT ROWS 500 SECURITY DEFINER SET jit = off SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cover_before CONSTANT timestamptz[] := ps_trace.call_cover(_before_min, _before_max, NULL);
  cover_now CONSTANT timestamptz[] := ps_trace.call_cover(_now_min, _now_max, NULL);
  -- Sorts after all buckets of durations, which end with 512.
  of_errors CONSTANT int2 := 1023;
BEGIN
  RETURN QUERY
  WITH named AS MATERIALIZED (
    -- Operations of one name and several kinds are one.
    SELECT o.id, o.service_name, o.span_name, o.span_kind, dense_rank() OVER (ORDER BY o.service_name, o.span_name) AS number
    FROM tracestore.operation o
  ),
  -- Operation and bucket as one number: hashing and sorting one is faster than two.
  entry AS MATERIALIZED (
    SELECT
      unnested.key,
      coalesce(sum(unnested.calls) FILTER (WHERE NOT unnested.is_now), 0)::float8 AS calls_before,
      coalesce(sum(unnested.calls) FILTER (WHERE unnested.is_now), 0)::float8 AS calls_now
    FROM (
      SELECT
        aggregate.is_now,
        n.number << 10 | unnest(
          CASE aggregate.errors WHEN 0 THEN aggregate.duration_bucket ELSE aggregate.duration_bucket || of_errors END
        )::int8 AS key,
        unnest(CASE aggregate.errors WHEN 0 THEN aggregate.duration_calls ELSE aggregate.duration_calls || aggregate.errors::int4 END) AS calls
      FROM (
        SELECT false AS is_now, f.operation_id, f.parent_operation_id, f.errors, f.duration_bucket, f.duration_calls
        FROM tracestore.aggregate_rows(cover_before) AS f
        UNION ALL
        SELECT true, f.operation_id, f.parent_operation_id, f.errors, f.duration_bucket, f.duration_calls
        FROM tracestore.aggregate_rows(cover_now) AS f
      ) AS aggregate
      JOIN named n ON n.id = aggregate.operation_id
      LEFT JOIN tracestore.operation p ON p.id = aggregate.parent_operation_id
      WHERE CASE
        WHEN aggregate.parent_operation_id = -1 THEN n.span_kind IN (2, 5)
        ELSE p.service_name IS DISTINCT FROM n.service_name
      END
    ) AS unnested
    GROUP BY unnested.key
  ),
  total AS (
    SELECT
      e.key >> 10 AS number,
      coalesce(sum(e.calls_before) FILTER (WHERE e.key & 1023 <> of_errors), 0) AS calls_before,
      coalesce(sum(e.calls_now) FILTER (WHERE e.key & 1023 <> of_errors), 0) AS calls_now,
      coalesce(sum(e.calls_before) FILTER (WHERE e.key & 1023 = of_errors), 0) AS errors_before,
      coalesce(sum(e.calls_now) FILTER (WHERE e.key & 1023 = of_errors), 0) AS errors_now
    FROM entry e
    GROUP BY e.key >> 10
  ),
  -- How many calls took longer: one running sum over all operations, minus the sum before the operation. It is far faster
  -- than a running sum per operation.
  ranked AS (
    SELECT
      e.key, e.calls_before, e.calls_now,
      sum(e.calls_before) OVER ahead - e.calls_before AS ahead_before,
      sum(e.calls_now) OVER ahead - e.calls_now AS ahead_now
    FROM entry e
    WHERE e.key & 1023 <> of_errors
    WINDOW ahead AS (ORDER BY e.key DESC ROWS UNBOUNDED PRECEDING)
  ),
  operation AS (
    SELECT
      t.*,
      sum(t.calls_before) OVER ahead - t.calls_before AS ahead_before,
      sum(t.calls_now) OVER ahead - t.calls_now AS ahead_now
    FROM total t
    WHERE t.calls_before > 0 OR t.calls_now > 0
    WINDOW ahead AS (ORDER BY t.number DESC ROWS UNBOUNDED PRECEDING)
  ),
  longer AS (
    SELECT
      o.number, r.key & 1023 AS bucket,
      r.ahead_before - o.ahead_before AS before,
      r.ahead_now - o.ahead_now AS now,
      r.calls_before > 0 AND r.ahead_before - o.ahead_before <= (1 - _percentile) * o.calls_before AS is_slow_before,
      r.calls_now > 0 AND r.ahead_now - o.ahead_now <= (1 - _percentile) * o.calls_now AS is_slow_now
    FROM ranked r
    JOIN operation o ON o.number = r.key >> 10
  ),
  percentile AS (
    SELECT
      l.number,
      min(l.bucket) FILTER (WHERE l.is_slow_before) AS bucket_before,
      min(l.bucket) FILTER (WHERE l.is_slow_now) AS bucket_now,
      -- The shortest slow bucket has the most longer calls.
      max(l.before) FILTER (WHERE l.is_slow_before) AS slow_before,
      max(l.now) FILTER (WHERE l.is_slow_before) AS slow_now
    FROM longer l
    GROUP BY l.number
  )
  SELECT
    n.service_name, n.span_name, o.calls_before::int8, o.calls_now::int8, o.errors_before::int8, o.errors_now::int8,
    ps_trace.bucket_ms(p.bucket_before::int4), ps_trace.bucket_ms(p.bucket_now::int4), p.slow_before::int8, p.slow_now::int8
  FROM operation o
  JOIN percentile p USING (number)
  JOIN (SELECT DISTINCT d.number, d.service_name, d.span_name FROM named d) AS n USING (number);
END
$$;
COMMENT ON FUNCTION ps_trace.requests_compared IS 'Compares the calls of operations from outside of their service in one range and in another. Roots count, and spans of kind server or consumer whose parent is not stored. Returns calls, errors and a percentile of their durations in milliseconds (0 to 1, at most 4.5 % off). slow_before and slow_now are the calls that took longer than the percentile of the first range. The ranges are widened as in operation_call';
