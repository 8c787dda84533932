-- Sets the time-outs of the session, in milliseconds ($1 of a statement, $2 of a transaction in which nothing happens, $3 of
-- a wait for a lock); returns the id of its server process.
SELECT
  pg_backend_pid() AS pid,
  set_config('statement_timeout', $1, false),
  set_config('idle_in_transaction_session_timeout', $2, false),
  set_config('lock_timeout', $3, false)
