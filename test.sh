#!/usr/bin/env bash
# Writes 100 numbers through the frontend, then fetches the latest 100 and shows them.
# Needs curl and jq. FRONTEND_URL says where the frontend is.
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

answer=$(mktemp) || fail "there is no place for a temporary file"
trap 'rm -f "$answer"' EXIT

# request METHOD PATH STATUS: leaves the body in $answer, or ends the script.
request() {
  local status
  status=$(curl --silent --show-error --max-time 10 --output "$answer" --write-out '%{http_code}' --request "$1" "$frontend$2") ||
    fail "$1 $frontend$2 got no answer"
  [ "$status" = "$3" ] || fail "$1 $frontend$2 answered $status instead of $3: $(head -c 500 "$answer")"
}

written=()
for ((i = 1; i <= count; i++)); do
  request POST /numbers 201
  value=$(jq --exit-status '.value | numbers' "$answer") || fail "POST /numbers gave no number: $(head -c 500 "$answer")"
  written+=("$value")
done
echo "wrote $count numbers"

request GET "/numbers?limit=$count" 200
jq --exit-status --argjson count "$count" 'type == "array" and length == $count' "$answer" >/dev/null ||
  fail "GET /numbers?limit=$count did not give $count rows: $(head -c 500 "$answer")"
jq --compact-output '.[]' "$answer"

# Others may be writing too, so what was written last need not come first; but if nobody else is, all of it is there.
last=${written[count - 1]}
jq --exit-status --argjson last "$last" 'any(.[]; .value == $last)' "$answer" >/dev/null ||
  fail "the number that was written last, $last, is not among the latest $count"
echo "the latest $count are there"
