#!/bin/sh
# Writes docker/.env for Compose: a generated secret for each variable that is not set there. `make up` runs it.
# It keeps existing values, because the volume of the database has the same passwords.
set -eu
cd "$(dirname "$0")"
umask 077
touch .env
chmod 600 .env
# Ends the last line, so that the first secret gets a line of its own.
[ -z "$(tail -c 1 .env)" ] || echo >>.env
for name in DATABASE_PASSWORD TRACESTORE_DATABASE_PASSWORD BACKEND_DATABASE_PASSWORD GRAFANA_DATABASE_PASSWORD \
  GRAFANA_ADMIN_PASSWORD TRACESTORE_CONSOLE_TOKEN; do
  grep -q "^$name=." .env || echo "$name=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')" >>.env
done
