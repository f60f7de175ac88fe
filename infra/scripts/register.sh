#!/bin/sh
# Makes the app registration of the API: roles, scope, the claim that tells programs from people, and assignment required.
# Needs az, signed in as somebody who may register applications. Changes nothing the second time; prints the client id.
# Usage: infra/scripts/register.sh [NAME]
set -eu

name=${1:-orders}
graph=https://graph.microsoft.com/v1.0

client=$(az ad app list --filter "displayName eq '$name'" --query '[0].appId' --output tsv)
if [ -z "$client" ]; then
    client=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv)
fi
object=$(az ad app show --id "$client" --query id --output tsv)

# An id that Entra knows already has to stay, so it is made of what it is for.
id_for() { printf '%s' "$client/$1" | sha256sum | sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-4\3-8\4-\5/'; }

az rest --method PATCH --url "$graph/applications/$object" --headers Content-Type=application/json --body "$(cat <<JSON
{
  "identifierUris": ["api://$client"],
  "api": {
    "requestedAccessTokenVersion": 2,
    "oauth2PermissionScopes": [{
      "id": "$(id_for scope)", "value": "Orders.ReadWrite", "type": "User", "isEnabled": true,
      "adminConsentDisplayName": "Place and follow orders", "adminConsentDescription": "Place and follow orders as the signed-in person.",
      "userConsentDisplayName": "Place and follow orders", "userConsentDescription": "Place and follow orders as you."
    }]
  },
  "appRoles": [
    { "id": "$(id_for OrderProcessor)", "value": "OrderProcessor", "displayName": "Order processor", "description": "Hands orders over to be fulfilled.", "isEnabled": true, "allowedMemberTypes": ["User", "Application"] },
    { "id": "$(id_for OrderAdmin)", "value": "OrderAdmin", "displayName": "Order administrator", "description": "Keeps products and looks after dead letters.", "isEnabled": true, "allowedMemberTypes": ["User"] }
  ],
  "optionalClaims": { "accessToken": [{ "name": "idtyp", "additionalProperties": ["include_user_token"] }] }
}
JSON
)"

principal=$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)
if [ -z "$principal" ]; then
    principal=$(az ad sp create --id "$client" --query id --output tsv)
fi
# Who has no role of this application gets no token for it.
az rest --method PATCH --url "$graph/servicePrincipals/$principal" --headers Content-Type=application/json \
    --body '{ "appRoleAssignmentRequired": true }'

echo "$client"
