#!/bin/sh
# Makes a function key and puts it into the api app and the gateway's vault; its value is never an argument and in no log.
# Run it inside the network, signed in (az login) as somebody who may write secrets of that vault and keys of that app.
# Usage: infra/scripts/function-key.sh gateway-a        a key of that name; while rotating, one of another name beside it
#        infra/scripts/function-key.sh --remove gateway-b
set -eu

value() { azd env get-value "$1"; }
app=$(value API_APP_NAME)
group=$(value RESOURCE_GROUP)

if [ "${1:?give the name of the key}" = --remove ]; then
    az functionapp keys delete --name "$app" --resource-group "$group" --key-type functionKeys --key-name "${2:?give its name}"
    exit
fi

umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
head -c 48 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n=' > "$folder/key"
printf '{"properties":{"name":"%s","value":"%s"}}' "$1" "$(cat "$folder/key")" > "$folder/body"

# The app knows it before the gateway sends it. Arguments are seen by other processes of the machine, these files are not.
id=$(az functionapp show --name "$app" --resource-group "$group" --query id --output tsv)
az rest --method PUT --output none --headers Content-Type=application/json \
    --url "$id/host/default/functionkeys/$1?api-version=2024-11-01" --body "@$folder/body"
az keyvault secret set --vault-name "$(value GATEWAY_VAULT_NAME)" --name function-key --file "$folder/key" --output none
echo "The gateway takes the new key within four hours, or at once by: az apim nv refresh-secret"
