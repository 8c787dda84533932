-- Who may do what on the stack's own server: two roles that log in and are no superusers.
-- May run any number of times.
DO $$
DECLARE
  emit regprocedure;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tracestore') THEN
    -- It makes its schemas, and the read-only role that goes with them.
    CREATE ROLE tracestore LOGIN CREATEROLE;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'backend') THEN
    CREATE ROLE backend LOGIN;
  END IF;
  GRANT CREATE ON DATABASE postgres TO tracestore;
  -- So that operators of ps_trace are found, by the superuser of psql too: status_code = 'STATUS_CODE_ERROR'.
  ALTER DATABASE postgres SET search_path = "$user", public, ps_trace;
  -- It bounds what a statement of its console may write to temporary files.
  GRANT SET ON PARAMETER temp_file_limit TO tracestore;
  -- A reader could write messages to the write-ahead log without an end: a transaction that only reads may.
  FOR emit IN SELECT oid FROM pg_proc WHERE proname = 'pg_logical_emit_message' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', emit);
  END LOOP;
END
$$;
