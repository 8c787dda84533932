#!/bin/sh
# Sets the passwords of the database's roles to those in $PASSWORDS_FOLDER, one file for each role. It checks the files every
# $CHECK_INTERVAL seconds and sets the passwords again when one has changed. It runs beside the database and connects as a
# superuser over the local socket, which needs no password.
set -eu

read_password() {
  cat "$PASSWORDS_FOLDER/$1-password" 2>/dev/null
}

# A missing or empty password is an error: PostgreSQL rejects a login with an empty password.
read_passwords() {
  for role in postgres tracestore backend grafana; do
    [ -n "$(read_password "$role")" ] || { echo "the Secret has no $role-password"; return 1; }
  done
  POSTGRES_PASSWORD=$(read_password postgres)
  TRACESTORE_PASSWORD=$(read_password tracestore)
  BACKEND_PASSWORD=$(read_password backend)
  GRAFANA_PASSWORD=$(read_password grafana)
  export POSTGRES_PASSWORD TRACESTORE_PASSWORD BACKEND_PASSWORD GRAFANA_PASSWORD
}

# Over TCP, because the temporary server of the first start, which creates the roles, listens on a socket only.
is_ready() {
  pg_isready --quiet --host=127.0.0.1 --username="$POSTGRES_USER"
}

set_passwords() {
  psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
    --file="$(dirname "$0")/passwords.sql"
}

trap 'exit 0' TERM INT
applied=
while :; do
  wanted=$(cat "$PASSWORDS_FOLDER"/*-password 2>/dev/null | sha256sum)
  if [ "$wanted" != "$applied" ] && is_ready && read_passwords && set_passwords; then
    applied=$wanted
    echo 'the roles have the passwords of the Secret'
  fi
  # In the background, because a shell handles a signal only after its foreground command.
  sleep "${CHECK_INTERVAL:-5}" &
  wait $!
done
