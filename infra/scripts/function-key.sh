#!/bin/sh
# Makes a function key and puts it into the api app and the gateway's vault; its value is never an argument and in no log.
# Run it inside the network after the api app has its first package, signed in (az login) as somebody who may write secrets
# of that vault and keys of that app.
# Usage: infra/scripts/function-key.sh RESOURCE_GROUP API_APP GATEWAY_VAULT NAME     a key; while rotating, one of another name
#        infra/scripts/function-key.sh --remove RESOURCE_GROUP API_APP NAME
set -eu

if [ "${1:-}" = --remove ]; then
    az functionapp keys delete --resource-group "${2:?give the resource group}" --name "${3:?give the api app}" \
        --key-type functionKeys --key-name "${4:?give the name of the key}"
    exit
fi
group=${1:?give the resource group}
app=${2:?give the api app}
vault=${3:?give the vault of the gateway}
name=${4:?give the name of the key}

umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
head -c 48 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n=' > "$folder/key"
printf '{"properties":{"name":"%s","value":"%s"}}' "$name" "$(cat "$folder/key")" > "$folder/body"

# The app knows it before the gateway sends it. Arguments are seen by other processes of the machine, these files are not.
id=$(az functionapp show --name "$app" --resource-group "$group" --query id --output tsv)
az rest --method PUT --output none --headers Content-Type=application/json \
    --url "$id/host/default/functionkeys/$name?api-version=2025-03-01" --body "@$folder/body"
az keyvault secret set --vault-name "$vault" --name function-key --file "$folder/key" --output none
echo "The gateway takes the new key within four hours, or at once by: az apim nv refresh-secret"
