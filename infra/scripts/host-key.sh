#!/usr/bin/env bash
# Gives the gateway a host key of the api app: reads it where the app keeps it and writes it over the secret function-key of
# the gateway's vault, whose value the gateway then reads. Any other name than default is made by Azure first, which is how a
# key is rotated. The key is never an argument and in no log. Changes that secret, and makes or removes that key of the app.
# Run it after the app has its first package: on the runner as the identity id-deploy, with the name of the vault, or from
# outside as Owner of the resource group, with the vault's resource id.
# Usage: infra/scripts/host-key.sh [--dry-run] GATEWAY_ID RESOURCE_GROUP API_APP GATEWAY_VAULT [NAME]
#        infra/scripts/host-key.sh [--dry-run] --remove RESOURCE_GROUP API_APP NAME
set -euo pipefail

run=''
if [[ ${1:-} == --dry-run ]]; then run='echo'; shift; fi
if [[ ${1:-} == --remove ]]; then
    $run az functionapp keys delete --resource-group "${2:?give the resource group}" --name "${3:?give the api app}" \
        --key-type functionKeys --key-name "${4:?give the name of the key}"
    exit
fi
gateway=${1:?give the resource id of the gateway}
group=${2:?give the resource group}
app=${3:?give the api app}
vault=${4:?give the vault of the gateway}
name=${5:-default}

if [[ $name != default ]]; then
    $run az functionapp keys set --resource-group "$group" --name "$app" --key-type functionKeys --key-name "$name" --output none
fi
# Arguments are seen by other processes of the machine, this file is not.
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [[ -z $run ]]; then
    # Without a line break, which would be part of the secret.
    key=$(az functionapp keys list --resource-group "$group" --name "$app" --query "functionKeys.\"$name\"" --output tsv)
    [[ -n $key ]] || { echo "$app has no host key $name: publish its package first, then run this again" >&2; exit 1; }
    printf '%s' "$key" > "$folder/key"
fi
if [[ $vault == /* ]]; then
    "$(dirname "$0")/secret.sh" ${run:+--dry-run} "$vault" function-key "$folder/key"
else
    $run az keyvault secret set --vault-name "$vault" --name function-key --file "$folder/key" --output none
fi
# Otherwise the gateway would read it within four hours.
$run az rest --method post --url "$gateway/namedValues/function-key/refreshSecret?api-version=2024-05-01" --output none
