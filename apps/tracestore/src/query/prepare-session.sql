-- Makes a connection one that only reads, and for which the server never works longer than $1 ms at a statement, nor keeps
-- a transaction that waits for its reader longer than $2 ms; returns the id of its server process.
-- Nothing is compiled, which takes longer than any of these queries. And no bitmaps are made: what is looked up are the
-- ids of few traces, but as nobody knows how many spans a range of time has that comes from another row, the planner would
-- intersect them with all spans of that time. Other cores help where a statement has much to read: a process that has just
-- begun takes 10 ms to be there, and longer for each page, which it has not seen before.
SELECT
  pg_backend_pid() AS pid,
  set_config('default_transaction_read_only', 'on', false),
  set_config('statement_timeout', $1, false),
  set_config('idle_in_transaction_session_timeout', $2, false),
  set_config('jit', 'off', false),
  set_config('enable_bitmapscan', 'off', false),
  set_config('parallel_setup_cost', '5000', false)
