#!/bin/sh
# Writes docker/.env for Compose: a generated secret for each variable that is not set there. `make up` runs it.
# It keeps existing values, because the volume of the database has the same passwords.
set -eu
cd "$(dirname "$0")"
umask 077
touch .env
chmod 600 .env
listen_on=$(sh value.sh LISTEN_ON 127.0.0.1)
case $listen_on in
  127.* | localhost | ::1 | '[::1]') is_open= ;;
  *) is_open=yes ;;
esac
# Ends the last line, so that the first secret gets a line of its own.
[ -z "$(tail -c 1 .env)" ] || echo >>.env
for name in DATABASE_PASSWORD TRACESTORE_DATABASE_PASSWORD BACKEND_DATABASE_PASSWORD GRAFANA_DATABASE_PASSWORD \
  GRAFANA_ADMIN_PASSWORD TRACESTORE_CONSOLE_TOKEN; do
  grep -q "^$name=." .env || echo "$name=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')" >>.env
  value=$(sh value.sh "$name" '')
  if [ -n "$is_open" ] && [ "${#value}" -lt 12 ]; then
    echo "LISTEN_ON=$listen_on opens ports to the network: $name must have at least 12 characters, got ${#value}" >&2
    exit 1
  fi
done
access=$(sh value.sh TRACESTORE_CONSOLE_ACCESS token)
if [ -n "$is_open" ] && [ "$access" = none ]; then
  echo "LISTEN_ON=$listen_on opens ports to the network: TRACESTORE_CONSOLE_ACCESS must be token or proxy, got none" >&2
  exit 1
fi
