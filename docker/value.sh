#!/bin/sh
# Prints the value that Compose uses for a variable, from the environment or else from docker/.env:
# sh docker/value.sh NAME DEFAULT
set -eu
eval "given=\${$1:-}"
env=$(dirname "$0")/.env
[ -n "$given" ] || [ ! -f "$env" ] || given=$(sed -n "s/^$1=//p" "$env" | tail -n 1)
echo "${given:-$2}"
