#!/bin/sh
# The entry point of the Dockerfile's stage `development`: compiles the app $APP when a source changes, and restarts it.
# `nest start --watch` does not work here, because it stops the app with `ps`, which the image lacks.
set -eu
node_modules/.bin/nest build "$APP" --watch --watchAssets &
# tracestore exports no spans of its own.
if [ "$APP" != tracestore ]; then set -- --import @spandrel/telemetry/register; fi
exec node --watch --watch-preserve-output "$@" "dist/apps/$APP/main.js"
