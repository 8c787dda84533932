-- Who may do what, for psql and a superuser, with the variables tracestore_password, backend_password and
-- grafana_password: three roles that log in, none of them a superuser, and a read-only one that sees all traces.
-- To be run once, with passwords that are not empty: a role with an empty one cannot log in.
CREATE ROLE tracestore LOGIN PASSWORD :'tracestore_password';
CREATE ROLE backend LOGIN PASSWORD :'backend_password';
CREATE ROLE grafana LOGIN PASSWORD :'grafana_password';

-- tracestore makes its schemas and gives ps_trace_reader the right to read the views of ps_trace; who is to see traces
-- is made a member of it. tracestore is one, too, as it asks in this role what people write in its console.
GRANT CREATE ON DATABASE postgres TO tracestore;
CREATE ROLE ps_trace_reader NOLOGIN;
GRANT ps_trace_reader TO grafana, tracestore;

-- Members do not inherit settings, so that both have them.
ALTER ROLE ps_trace_reader IN DATABASE postgres SET search_path = "$user", public, ps_trace;
ALTER ROLE ps_trace_reader IN DATABASE postgres SET default_transaction_read_only = on;
ALTER ROLE ps_trace_reader IN DATABASE postgres SET statement_timeout = '30s';
ALTER ROLE ps_trace_reader IN DATABASE postgres SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE grafana IN DATABASE postgres SET search_path = "$user", public, ps_trace;
ALTER ROLE grafana IN DATABASE postgres SET default_transaction_read_only = on;
ALTER ROLE grafana IN DATABASE postgres SET statement_timeout = '60s';
ALTER ROLE grafana IN DATABASE postgres SET idle_in_transaction_session_timeout = '60s';

CREATE DATABASE numbers OWNER backend;

-- What follows takes a superuser: some who run a database for others have none to give, and do without.
-- So that operators of ps_trace are found, by whoever connects: status_code = 'STATUS_CODE_ERROR'.
ALTER DATABASE postgres SET search_path = "$user", public, ps_trace;
ALTER ROLE ps_trace_reader IN DATABASE postgres SET temp_file_limit = '4GB';
ALTER ROLE grafana IN DATABASE postgres SET temp_file_limit = '4GB';

-- tracestore bounds what a statement of its console may write to temporary files. And nobody writes messages to the
-- write-ahead log, which a reader could do without an end: a transaction that only reads may.
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
