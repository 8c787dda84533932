-- Creates the roles: three login roles without superuser rights, and the read-only role ps_trace_reader. Run it once with
-- psql as a superuser. The variables tracestore_password, backend_password and grafana_password must not be empty,
-- because PostgreSQL rejects a login with an empty password.
CREATE ROLE tracestore LOGIN PASSWORD :'tracestore_password';
CREATE ROLE backend LOGIN PASSWORD :'backend_password';
CREATE ROLE grafana LOGIN PASSWORD :'grafana_password';

-- tracestore creates its schemas and lets ps_trace_reader read the views of ps_trace. Members of ps_trace_reader can read
-- all traces. tracestore is a member because it runs the SQL of console users in this role.
GRANT CREATE ON DATABASE postgres TO tracestore;
CREATE ROLE ps_trace_reader NOLOGIN;
GRANT ps_trace_reader TO grafana, tracestore;

-- A member does not inherit the settings of a role, so each role gets its own.
ALTER ROLE ps_trace_reader IN DATABASE postgres SET search_path = "$user", public, ps_trace;
ALTER ROLE ps_trace_reader IN DATABASE postgres SET default_transaction_read_only = on;
ALTER ROLE ps_trace_reader IN DATABASE postgres SET statement_timeout = '30s';
ALTER ROLE ps_trace_reader IN DATABASE postgres SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE grafana IN DATABASE postgres SET search_path = "$user", public, ps_trace;
ALTER ROLE grafana IN DATABASE postgres SET default_transaction_read_only = on;
ALTER ROLE grafana IN DATABASE postgres SET statement_timeout = '60s';
ALTER ROLE grafana IN DATABASE postgres SET idle_in_transaction_session_timeout = '60s';

CREATE DATABASE numbers OWNER backend;

-- The rest needs a superuser. Managed databases without one can leave it out.
-- Every session must find the operators of ps_trace, as in status_code = 'STATUS_CODE_ERROR'.
ALTER DATABASE postgres SET search_path = "$user", public, ps_trace;
ALTER ROLE ps_trace_reader IN DATABASE postgres SET temp_file_limit = '4GB';
ALTER ROLE grafana IN DATABASE postgres SET temp_file_limit = '4GB';

-- tracestore limits the temporary files of a console query. No role may write messages to the write-ahead log, because
-- even a read-only transaction could fill the disk with them.
GRANT SET ON PARAMETER temp_file_limit TO tracestore;
DO $$
DECLARE
  emit regprocedure;
BEGIN
  FOR emit IN SELECT oid FROM pg_proc WHERE proname = 'pg_logical_emit_message' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', emit);
  END LOOP;
END
$$;
