#!/bin/sh
# Run by the image of the database on its first start: makes the roles with the passwords that the environment has. psql
# takes them from there, so that no list of processes shows them.
set -eu
: "${TRACESTORE_PASSWORD:?is not set}" "${BACKEND_PASSWORD:?is not set}" "${GRAFANA_PASSWORD:?is not set}"
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres <<'END'
\getenv tracestore_password TRACESTORE_PASSWORD
\getenv backend_password BACKEND_PASSWORD
\getenv grafana_password GRAFANA_PASSWORD
\include /etc/spandrel/roles.sql
END
