-- Returns the lock that a server process waits for, and one process that holds it; no row if it waits for none. Only roles with
-- pg_read_all_stats see when the transaction of another role's session began.
-- :'pid'  the id of the process that waits.
SELECT
  coalesce(l.relation::regclass::text, l.locktype) AS relation,
  to_char(coalesce(l.waitstart, w.query_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS waits_since,
  b.pid,
  nullif(b.application_name, '') AS application,
  b.usename AS role,
  b.state,
  to_char(b.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS open_since
FROM pg_stat_activity w
JOIN pg_locks l ON l.pid = w.pid AND NOT l.granted
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker (pid)
JOIN pg_stat_activity b ON b.pid = blocker.pid
WHERE w.pid = :'pid'
ORDER BY b.xact_start NULLS LAST
LIMIT 1
