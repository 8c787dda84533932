-- Sets the time-outs of the session, in ms (0 is none), and returns the id of its server process.
-- :'statement_timeout_ms'            of a statement.
-- :'idle_in_transaction_timeout_ms'  of a transaction in which nothing happens.
-- :'lock_timeout_ms'                 of a wait for a lock.
SELECT
  pg_backend_pid() AS pid,
  set_config('statement_timeout', :'statement_timeout_ms', false),
  set_config('idle_in_transaction_session_timeout', :'idle_in_transaction_timeout_ms', false),
  set_config('lock_timeout', :'lock_timeout_ms', false)
