-- Who may do what, for psql and a superuser, with the variables tracestore_password, backend_password and
-- grafana_password: three roles that log in, none of them a superuser, and a read-only one that sees all traces.
-- To be run once. An empty password is none: then the role gets in only where the server trusts everybody.
CREATE ROLE tracestore LOGIN PASSWORD :'tracestore_password';
CREATE ROLE backend LOGIN PASSWORD :'backend_password';
CREATE ROLE grafana LOGIN PASSWORD :'grafana_password';

-- tracestore makes its schemas and gives ps_trace_reader the right to read the views of ps_trace; who is to see traces
-- is made a member of it.
GRANT CREATE ON DATABASE postgres TO tracestore;
CREATE ROLE ps_trace_reader NOLOGIN;
GRANT ps_trace_reader TO grafana;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '60s';

CREATE DATABASE numbers OWNER backend;
