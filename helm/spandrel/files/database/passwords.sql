-- Sets the passwords of the roles to those in the environment of psql. Run it as a superuser.
\getenv postgres_password POSTGRES_PASSWORD
\getenv tracestore_password TRACESTORE_PASSWORD
\getenv backend_password BACKEND_PASSWORD
\getenv grafana_password GRAFANA_PASSWORD
ALTER ROLE postgres PASSWORD :'postgres_password';
ALTER ROLE tracestore PASSWORD :'tracestore_password';
ALTER ROLE backend PASSWORD :'backend_password';
ALTER ROLE grafana PASSWORD :'grafana_password';
