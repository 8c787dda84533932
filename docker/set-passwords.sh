#!/bin/sh
# Sets the passwords of the database roles to those in the environment. `make up` runs it as the owner of the database.
# Older volumes trusted every connection; this script makes them require passwords and keeps their data.
set -eu
access=$PGDATA/pg_hba.conf
if grep -q '^host all all all trust$' "$access"; then
  sed -i 's/^host all all all trust$/host all all all scram-sha-256/' "$access"
fi
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres --output=/dev/null <<'END'
\include /etc/spandrel/passwords.sql
SELECT pg_reload_conf();
END
