#!/bin/sh
# Prints the addresses and passwords of what `make up` started. Writes a passfile for psql.
set -eu
cd "$(dirname "$0")/.."

value() {
  sh docker/value.sh "$1" "$2"
}

port=$(value DATABASE_PORT 5999)
passfile=.spandrel/pgpass-$port
mkdir -p .spandrel
umask 077
rm -f "$passfile"
for host in localhost 127.0.0.1 '\:\:1'; do
  echo "$host:$port:*:postgres:$(value DATABASE_PASSWORD '')"
  echo "$host:$port:*:tracestore:$(value TRACESTORE_DATABASE_PASSWORD '')"
  echo "$host:$port:*:backend:$(value BACKEND_DATABASE_PASSWORD '')"
  echo "$host:$port:*:grafana:$(value GRAFANA_DATABASE_PASSWORD '')"
done >"$passfile"

cat <<END
Console   http://localhost:$(value TRACESTORE_PORT 8080) (token $(value TRACESTORE_CONSOLE_TOKEN none))
Frontend  http://localhost:$(value FRONTEND_PORT 3001)
Grafana   http://localhost:$(value GRAFANA_PORT 3000) (admin, $(value GRAFANA_ADMIN_PASSWORD ''))
Jaeger    http://localhost:$(value JAEGER_PORT 16686) (jaeger, $(value TRACESTORE_CONSOLE_TOKEN none))
SQL       PGPASSFILE=$passfile psql -h localhost -p $port -d postgres -U postgres
END
