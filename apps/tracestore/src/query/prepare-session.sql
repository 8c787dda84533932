-- Makes the session read-only, bounds its statements and transactions, and returns the id of its server process.
--
-- The other settings are for the planner. jit: to compile takes longer than any of these queries. enable_bitmapscan: queries look
-- up few traces by id, in a range of time that comes from another row, so that the planner cannot estimate it; it would
-- combine their index with one of all spans of that time. parallel_setup_cost: a worker takes 10 ms to start.
-- :'statement_timeout_ms'            how long the server works on a statement, in ms.
-- :'idle_in_transaction_timeout_ms'  how long a transaction waits for its reader, in ms.
SELECT
  pg_backend_pid() AS pid,
  set_config('default_transaction_read_only', 'on', false),
  set_config('statement_timeout', :'statement_timeout_ms', false),
  set_config('idle_in_transaction_session_timeout', :'idle_in_transaction_timeout_ms', false),
  set_config('jit', 'off', false),
  set_config('enable_bitmapscan', 'off', false),
  set_config('parallel_setup_cost', '5000', false)
