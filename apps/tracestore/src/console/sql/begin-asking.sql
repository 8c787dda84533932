-- Makes the transaction one that only reads, as ps_trace_reader does; $1 is how long a statement may take, in ms.
SELECT
  set_config('transaction_read_only', 'on', true),
  set_config('role', 'ps_trace_reader', true),
  set_config('search_path', 'ps_trace, public', true),
  set_config('statement_timeout', $1, true),
  set_config('lock_timeout', '1000', true),
  set_config('idle_in_transaction_session_timeout', '10000', true)
