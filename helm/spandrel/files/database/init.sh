#!/bin/sh
# Creates the roles of the database. The image of the database runs it on the first start. psql reads the passwords from
# the environment, so that they do not appear in the process list.
set -eu
: "${TRACESTORE_PASSWORD:?is not set}" "${BACKEND_PASSWORD:?is not set}" "${GRAFANA_PASSWORD:?is not set}"
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres <<'END'
\getenv tracestore_password TRACESTORE_PASSWORD
\getenv backend_password BACKEND_PASSWORD
\getenv grafana_password GRAFANA_PASSWORD
\include /etc/spandrel/roles.sql
END
