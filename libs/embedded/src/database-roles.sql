-- Creates the two login roles of the embedded server, without superuser rights. It can run repeatedly.
DO $$
DECLARE
  emit regprocedure;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tracestore') THEN
    -- It creates its schemas and the role ps_trace_reader.
    CREATE ROLE tracestore LOGIN CREATEROLE;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'backend') THEN
    CREATE ROLE backend LOGIN;
  END IF;
  GRANT CREATE ON DATABASE postgres TO tracestore;
  -- Lets every role use the operators of ps_trace, as in status_code = 'STATUS_CODE_ERROR'.
  ALTER DATABASE postgres SET search_path = "$user", public, ps_trace;
  -- tracestore limits the temporary files of SQL from the console.
  GRANT SET ON PARAMETER temp_file_limit TO tracestore;
  -- Otherwise a read-only role could write any amount of messages to the write-ahead log.
  FOR emit IN SELECT oid FROM pg_proc WHERE proname = 'pg_logical_emit_message' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', emit);
  END LOOP;
END
$$;
