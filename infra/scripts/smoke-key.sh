#!/usr/bin/env bash
# Makes the subscription `smoke` of the gateway, puts its key into the gateway's vault and lets the program that looks after
# each deployment read that one secret. It talks to Azure's management address alone, so it needs no access to the
# network. The key is never an argument and in no log. Changes that subscription, secret and role assignment; nothing
# the second time unless the key was regenerated. Needs az, signed in as Owner of the resource group.
# Usage: infra/scripts/smoke-key.sh [--dry-run] GATEWAY_ID VAULT_ID SMOKE_CLIENT_ID
set -euo pipefail

run='' dry_run=()
if [[ ${1:-} == --dry-run ]]; then run='echo' dry_run=(--dry-run); shift; fi
gateway=${1:?give the resource id of the gateway}
vault=${2:?give the resource id of its vault}
client=${3:?give the client id of the program}

$run az rest --method put --url "$gateway/subscriptions/smoke?api-version=2024-05-01" --output none \
    --headers Content-Type=application/json --body '{ "properties": { "displayName": "smoke", "scope": "/apis", "state": "active" } }'
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [[ -z $run ]]; then
    key=$(az rest --method post --url "$gateway/subscriptions/smoke/listSecrets?api-version=2024-05-01" --query primaryKey --output tsv)
    printf '%s' "$key" > "$folder/key"
fi
"$(dirname "$0")/secret.sh" "${dry_run[@]}" "$vault" smoke "$folder/key"
principal=$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)
$run az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
    --role "Key Vault Secrets User" --scope "$vault/secrets/smoke" --output none
