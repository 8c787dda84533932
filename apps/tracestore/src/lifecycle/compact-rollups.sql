-- Moves a portion of what transactions have added to the figures of operations, in one statement: it happens or it
-- doesn't, and whoever reads sees each figure once.
WITH taken AS (
  DELETE FROM tracestore.operation_delta
  WHERE ctid = ANY (ARRAY(SELECT ctid FROM tracestore.operation_delta LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING *
), summed AS (
  SELECT
    t.time_bucket, entry.operation_id, entry.duration_class,
    sum(entry.calls) AS calls, sum(entry.errors) AS errors, sum(entry.duration_ns_sum) AS duration_ns_sum
  FROM taken t,
    unnest(t.operation_id, t.duration_class, t.calls, t.errors, t.duration_ns_sum)
      AS entry (operation_id, duration_class, calls, errors, duration_ns_sum)
  GROUP BY 1, 2, 3
), added AS (
  INSERT INTO tracestore.operation_stats
    (time_bucket, operation_id, calls, errors, duration_ns_sum, duration_class, duration_calls)
  SELECT
    time_bucket, operation_id, sum(calls), sum(errors), sum(duration_ns_sum),
    array_agg(duration_class), array_agg(calls::int4)
  FROM summed
  GROUP BY 1, 2
)
SELECT count(*)::int4 AS count FROM taken;
