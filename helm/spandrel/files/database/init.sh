#!/bin/sh
# Run by the image of the database on its first start: makes the roles with the passwords that the environment has.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
  --set=tracestore_password="${TRACESTORE_PASSWORD:-}" \
  --set=backend_password="${BACKEND_PASSWORD:-}" \
  --set=grafana_password="${GRAFANA_PASSWORD:-}" \
  --file=/etc/spandrel/roles.sql
