#!/usr/bin/env bash
# Brings a database to the version of a worker, as the Entra administrator who is signed in (az login). When the database
# refuses this machine's address, it makes the firewall rule `deployer` for that address, or for the one that --address
# names, and goes on. Changes that rule of the server and the schema of the database.
# Usage: infra/scripts/migrate.sh [--dry-run] [--address ADDRESS] SERVER_ID HOST ADMINISTRATOR WORKER [ARGUMENT…]
#   SERVER_ID is the resource id of the server; ARGUMENTs are those of `orders-worker migrate`.
set -euo pipefail

dry_run='' address=''
while [[ ${1:-} == --* ]]; do
    case $1 in
    --dry-run) dry_run=yes ;;
    --address) address=${2?give the address}; shift ;;
    *) echo "migrate.sh has no argument $1 before SERVER_ID; it has --dry-run and --address ADDRESS" >&2; exit 2 ;;
    esac
    shift
done
server=${1:?give the resource id of the server}
host=${2:?give the host of the database}
administrator=${3:?give the name of the administrator who is signed in}
worker=${4:?give the path of the worker}
shift 4

# Names of guests hold # and @, which mean something else in an address.
encoded() {
    local text=$1 letter
    while [[ -n $text ]]; do
        letter=${text:0:1} text=${text:1}
        case $letter in
        [A-Za-z0-9._~-]) printf '%s' "$letter" ;;
        *) printf '%%%02X' "'$letter" ;;
        esac
    done
}
# The arguments of the command that does it have changed between versions of az, this address has not.
open_for() {
    echo "lets $1 in: firewall rule deployer of ${server##*/}" >&2
    [[ -n $dry_run ]] || az rest --method put --url "$server/firewallRules/deployer?api-version=2025-08-01" --output none \
        --headers Content-Type=application/json --body "{ \"properties\": { \"startIpAddress\": \"$1\", \"endIpAddress\": \"$1\" } }"
}

[[ -z $address ]] || open_for "$address"
echo "migrates the database orders of $host as $administrator" >&2
[[ -z $dry_run ]] || exit 0
token=$(az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv)
ORDERS_DATABASE_URL="postgres://$(encoded "$administrator"):$token@$host:5432/orders?sslmode=verify-full"
export ORDERS_DATABASE_URL
# A new rule counts within five minutes.
for _ in {1..20}; do
    if said=$("$worker" migrate "$@" 2>&1); then
        echo "$said"
        exit
    fi
    # The server names the address that it sees, which nothing on this machine has to know.
    [[ $said =~ no\ pg_hba\.conf\ entry\ for\ host\ \"([0-9.]+)\" ]] || break
    if [[ ${BASH_REMATCH[1]} != "$address" ]]; then
        address=${BASH_REMATCH[1]}
        open_for "$address"
    fi
    sleep 20
done
echo "$said" >&2
echo "the database is not migrated: see above, then run the same again" >&2
exit 1
