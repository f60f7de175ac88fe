#!/usr/bin/env bash
# Tries a deployment from outside: a product is put, an order is placed, read and handed over, an id that does not exist is
# not found, and a call without a token is refused. With --fulfilled it waits until the order is fulfilled, which needs a
# backend. Leaves the product SMOKE-TEST and one order in the database; changes nothing in Azure.
# DEPLOY_TOKEN is a token of somebody who is OrderProcessor and OrderAdmin, DEPLOY_KEY a function or host key of the app
# where it asks for one. Both come by the environment, so that no process list shows them.
# Usage: infra/scripts/smoke.sh [--dry-run] [--fulfilled] URL
set -euo pipefail

run='' fulfilled=''
while [[ ${1:-} == --* ]]; do
    case $1 in
    --dry-run) run='echo' ;;
    --fulfilled) fulfilled=yes ;;
    *) echo "smoke.sh has no argument $1; it has --dry-run, --fulfilled and URL" >&2; exit 2 ;;
    esac
    shift
done
url=${1:?give the address of the api app, as https://host}
url=${url%/}
[[ -n $run ]] || : "${DEPLOY_TOKEN:?set it to the token of a person who is OrderProcessor and OrderAdmin}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Keys and tokens come to curl by its input. An answer that is none has the status 000.
status='' token=${DEPLOY_TOKEN:-}
call() {
    local method=$1 path=$2
    shift 2
    echo "$method $url$path" >&2
    [[ -z $run ]] || return 0
    status=$(
        {
            [[ -z $token ]] || printf 'header = "Authorization: Bearer %s"\n' "$token"
            [[ -z ${DEPLOY_KEY:-} ]] || printf 'header = "x-functions-key: %s"\n' "$DEPLOY_KEY"
        } | curl --silent --show-error --max-time 60 --config - --request "$method" --output "$folder/body" --dump-header "$folder/head" \
            --write-out '%{http_code}' "$@" "$url$path"
    ) || true
}
expect() {
    [[ -z $run ]] || return 0
    [[ " $1 " != *" $status "* ]] || return 0
    echo "$2: the answer is $status, expected was $1" >&2
    # A token says which roles somebody had when it was made.
    [[ $status != 403 ]] || echo "a token is kept for up to an hour, without roles that came later: az account clear, az login, then again" >&2
    cat "$folder/body" >&2
    exit 1
}
as_json=(--header 'Content-Type: application/json' --data)

# An app that was published a moment ago does not answer yet.
call GET /api/health --retry 30 --retry-delay 10 --retry-all-errors --fail
expect 200 "the app is not well"

call PUT /api/products/SMOKE-TEST --header 'If-None-Match: *' "${as_json[@]}" \
    '{ "name": "Smoke test", "currency": "EUR", "unitPrice": 1, "active": true }'
# 412: an earlier run has put it.
expect "201 412" "the product is not put"

call POST /api/orders "${as_json[@]}" '{ "reference": "SMOKE-TEST", "currency": "EUR", "lines": [{ "sku": "SMOKE-TEST", "quantity": 1 }] }'
expect 201 "the order is not placed"
order=/api/orders/ORDER
[[ -n $run ]] || order=$(tr -d '\r' < "$folder/head" | sed -n 's/^[Ll]ocation: //p')

call GET "$order"
expect 200 "the order cannot be read"
call POST "$order/process" --header 'Content-Length: 0'
expect 202 "the order is not handed over"
[[ -n $run ]] || grep -q '"status":"queued"' "$folder/body" || { echo "the order is handed over and not queued" >&2; cat "$folder/body" >&2; exit 1; }

call GET /api/orders/00000000-0000-4000-8000-000000000000
expect 404 "an id that does not exist"
token=
call GET "$order"
expect 401 "a call without a token"

token=${DEPLOY_TOKEN:-}
if [[ -n $fulfilled ]]; then
    for _ in {1..30}; do
        call GET "$order"
        expect 200 "the order cannot be read"
        [[ -z $run ]] || break
        ! grep -q '"status":"fulfilled"' "$folder/body" || break
        sleep 5
    done
    [[ -n $run ]] || grep -q '"status":"fulfilled"' "$folder/body" || { echo "the order was not fulfilled in time" >&2; cat "$folder/body" >&2; exit 1; }
fi
echo "$url answers as it should, and refuses what it should"
