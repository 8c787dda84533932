#!/usr/bin/env bash
# Writes 100 numbers through frontend, then reads the latest 100 and prints them.
# Needs curl and jq. FRONTEND_URL is the address of frontend.
set -uo pipefail

frontend=${FRONTEND_URL:-http://localhost:3001}
frontend=${frontend%/}
count=100

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

for tool in curl jq; do
  command -v "$tool" >/dev/null || fail "$tool is not installed"
done

body=$(mktemp) || fail "cannot create a temporary file"
trap 'rm -f "$body"' EXIT

# request METHOD PATH STATUS: writes the response body to $body; ends the script if the status differs.
request() {
  local status
  status=$(curl --silent --show-error --max-time 10 --output "$body" --write-out '%{http_code}' --request "$1" "$frontend$2") ||
    fail "$1 $frontend$2: no response"
  [ "$status" = "$3" ] || fail "$1 $frontend$2 returned $status, expected $3: $(head -c 500 "$body")"
}

written=()
for ((i = 1; i <= count; i++)); do
  request POST /numbers 201
  value=$(jq --exit-status '.value | numbers' "$body") || fail "POST /numbers returned no number: $(head -c 500 "$body")"
  written+=("$value")
done
echo "wrote $count numbers"

request GET "/numbers?limit=$count" 200
jq --exit-status --argjson count "$count" 'type == "array" and length == $count' "$body" >/dev/null ||
  fail "GET /numbers?limit=$count did not return $count rows: $(head -c 500 "$body")"
jq --compact-output '.[]' "$body"

# Other clients may write at the same time, so the last number need not come first.
last=${written[count - 1]}
jq --exit-status --argjson last "$last" 'any(.[]; .value == $last)' "$body" >/dev/null ||
  fail "the last number written, $last, is not among the latest $count"
echo "read the latest $count numbers"
