#!/bin/sh
# Writes docker/.env, which Compose reads: a generated secret for each variable that has none there. `make up` runs it.
# What is there stays, so that the passwords of a volume do not change.
set -eu
cd "$(dirname "$0")"
umask 077
touch .env
chmod 600 .env
# A last line without its end would take in the first secret.
[ -z "$(tail -c 1 .env)" ] || echo >>.env
for name in DATABASE_PASSWORD TRACESTORE_DATABASE_PASSWORD BACKEND_DATABASE_PASSWORD GRAFANA_DATABASE_PASSWORD \
  GRAFANA_ADMIN_PASSWORD TRACESTORE_CONSOLE_TOKEN; do
  grep -q "^$name=." .env || echo "$name=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')" >>.env
done
