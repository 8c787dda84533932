-- Makes a connection one that only reads, and for which the server never works longer than $1 ms at a statement.
-- Nothing is compiled: that takes longer than any of these queries.
SELECT
  set_config('default_transaction_read_only', 'on', false),
  set_config('statement_timeout', $1, false),
  set_config('idle_in_transaction_session_timeout', $2, false),
  set_config('jit', 'off', false)
