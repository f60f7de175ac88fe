#!/usr/bin/env bash
# Makes the app registration of the API: roles, scope, the claim that tells programs from people, and assignment required.
# With --person, somebody can try it: Azure CLI may ask for tokens on a person's behalf, and that person gets both roles.
# Changes the directory alone. Needs az, signed in as somebody who may register applications. Changes nothing the second
# time; prints the client id, and on stderr what it changes.
# Usage: infra/scripts/register.sh [--dry-run] [--person OBJECT_ID] [NAME]
set -euo pipefail

dry_run='' person=''
while [[ ${1:-} == --* ]]; do
    case $1 in
    --dry-run) dry_run=yes ;;
    --person) person=${2:?give the object id of the person}; shift ;;
    *) echo "register.sh has no argument $1; it has --dry-run, --person OBJECT_ID and NAME" >&2; exit 2 ;;
    esac
    shift
done
name=${1:-orders}
graph=https://graph.microsoft.com/v1.0
# The same in every directory.
azure_cli=04b07795-8ddb-461a-bbee-02f9e1bf7b46

# What a change prints goes to stderr, so that it is not taken for the client id.
change() {
    echo "$1" >&2
    shift
    [[ -n $dry_run ]] || "$@"
}
send() { az rest --method "$1" --url "$graph/$2" --headers Content-Type=application/json --body "$3" --output none; }

client=$("$(dirname "$0")/registration.sh" "$name")
if [[ -z $client ]]; then
    client=$(change "makes the app registration $name" az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv)
    # Nothing more can be said of what is not there.
    [[ -z $dry_run ]] || exit 0
fi
object=$(az ad app show --id "$client" --query id --output tsv)

# An id that Entra knows already has to stay, so it is made of what it is for.
id_for() { printf '%s' "$client/$1" | sha256sum | sed -E 's/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/\1-\2-4\3-8\4-\5/'; }

change "writes the roles, the scope and the claim of $client" send patch "applications/$object" "$(cat <<JSON
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
if [[ -z $principal ]]; then
    principal=$(change "makes its service principal" az ad sp create --id "$client" --query id --output tsv)
    [[ -z $dry_run ]] || { echo "$client"; exit 0; }
fi
# Who has no role of this application gets no token for it.
change "demands an assignment of everybody" send patch "servicePrincipals/$principal" '{ "appRoleAssignmentRequired": true }'

if [[ -n $person ]]; then
    # A scope has to be there before a client can be authorised for it, so this is a request of its own.
    authorised=$(az rest --method get --url "$graph/applications/$object?\$select=api" --query "api.preAuthorizedApplications[?appId!='$azure_cli']" --output json | tr -d '\n')
    authorised=${authorised#[} authorised=${authorised%]}
    change "authorises Azure CLI for Orders.ReadWrite" send patch "applications/$object" "$(cat <<JSON
{ "api": { "preAuthorizedApplications": [${authorised:+$authorised, }{ "appId": "$azure_cli", "delegatedPermissionIds": ["$(id_for scope)"] }] } }
JSON
)"
    for role in OrderProcessor OrderAdmin; do
        assigned=$(az rest --method get --url "$graph/servicePrincipals/$principal/appRoleAssignedTo?\$top=999" --query "value[?principalId=='$person' && appRoleId=='$(id_for "$role")'].id" --output tsv)
        [[ -n $assigned ]] || change "gives $person the role $role" send post "servicePrincipals/$principal/appRoleAssignedTo" \
            "{ \"principalId\": \"$person\", \"resourceId\": \"$principal\", \"appRoleId\": \"$(id_for "$role")\" }"
    done
fi

echo "$client"
