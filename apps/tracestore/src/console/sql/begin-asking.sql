-- Makes the transaction read-only, with the rights of ps_trace_reader, and returns the id of its server process.
-- :'statement_timeout_ms'  how long a statement may take, in ms.
-- :'max_temp_file_kb'      how much it may write to temporary files, in kB, where the role of the session may set that.
SELECT
  pg_backend_pid() AS pid,
  -- First, with the rights of the session: ps_trace_reader may not set it.
  CASE WHEN has_parameter_privilege(session_user, 'temp_file_limit', 'SET') THEN
    set_config(
      'temp_file_limit',
      (
        SELECT CASE WHEN setting::int8 BETWEEN 0 AND :'max_temp_file_kb'::int8 THEN setting ELSE (:'max_temp_file_kb'::int8)::text END
        FROM pg_settings
        WHERE name = 'temp_file_limit'
      ),
      true
    )
  END,
  set_config('transaction_read_only', 'on', true),
  set_config('role', 'ps_trace_reader', true),
  set_config('search_path', 'ps_trace, public', true),
  set_config('statement_timeout', :'statement_timeout_ms', true),
  set_config('lock_timeout', '1000', true),
  set_config('idle_in_transaction_session_timeout', '10000', true)
