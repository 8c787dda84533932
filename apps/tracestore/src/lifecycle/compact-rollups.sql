-- Moves a portion of what transactions have added to the figures of operations, in one statement: it happens or it
-- doesn't, and whoever reads sees each figure once.
WITH taken AS (
  DELETE FROM tracestore.operation_delta
  WHERE ctid = ANY (ARRAY(SELECT ctid FROM tracestore.operation_delta LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING *
), added AS (
  INSERT INTO tracestore.operation_stats AS s
    (time_bucket, operation_id, duration_class, calls, errors, duration_ns_sum)
  SELECT
    t.time_bucket, entry.operation_id, entry.duration_class,
    sum(entry.calls), sum(entry.errors), sum(entry.duration_ns_sum)
  FROM taken t,
    unnest(t.operation_id, t.duration_class, t.calls, t.errors, t.duration_ns_sum)
      AS entry (operation_id, duration_class, calls, errors, duration_ns_sum)
  GROUP BY 1, 2, 3
  ON CONFLICT (operation_id, time_bucket, duration_class) DO UPDATE SET
    calls = s.calls + excluded.calls,
    errors = s.errors + excluded.errors,
    duration_ns_sum = s.duration_ns_sum + excluded.duration_ns_sum
)
SELECT count(*)::int4 AS count FROM taken;
