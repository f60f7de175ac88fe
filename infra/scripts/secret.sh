#!/usr/bin/env bash
# Puts what a file holds into a vault as a secret, a PEM for example. It talks to Azure's management address, so it works
# from outside of a network that is closed. The secret is never an argument and in no log. Changes that secret alone.
# Needs az, signed in as Contributor of the vault.
# Usage: infra/scripts/secret.sh [--dry-run] VAULT_ID NAME FILE
set -euo pipefail

run=''
if [[ ${1:-} == --dry-run ]]; then run='echo'; shift; fi
vault=${1:?give the resource id of the vault}
name=${2:?give the name of the secret}
file=${3:?give the file that holds it}

umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [[ -z $run ]]; then
    value=$(cat "$file")
    value=${value//\\/\\\\} value=${value//\"/\\\"} value=${value//$'\r'/} value=${value//$'\n'/\\n}
    printf '{ "properties": { "value": "%s" } }' "$value" > "$folder/body"
fi
$run az rest --method put --url "$vault/secrets/$name?api-version=2026-02-01" --output none \
    --headers Content-Type=application/json --body "@$folder/body"
