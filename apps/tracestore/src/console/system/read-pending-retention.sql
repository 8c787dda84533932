-- Returns the shorter retentions that wait before they delete anything: of what, both retentions in ms, and how long they wait.
-- :'wait_ms'  how long a shorter retention waits.
SELECT
  a.name AS subject,
  a.applied_s * 1000 AS applied_ms,
  a.pending_s * 1000 AS retention_ms,
  greatest(0, :'wait_ms'::float8 - (t.observed_s - a.pending_since_s) * 1000) AS waits_ms
FROM tracestore.applied_retention a
CROSS JOIN tracestore.lifecycle_time t
WHERE a.pending_s IS NOT NULL AND a.applied_s IS NOT NULL AND a.confirmed_s IS DISTINCT FROM a.pending_s
ORDER BY a.name DESC
