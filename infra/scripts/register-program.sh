#!/usr/bin/env bash
# Registers the program that looks after each deployment: it may process orders, and the workflows of the repository's
# environment sign in as it without a secret. Changes the directory alone. Needs az, signed in as somebody who may register
# applications and assign their roles. Changes nothing the second time; prints its client id, and on stderr what it changes.
# Usage: infra/scripts/register-program.sh [--dry-run] API_CLIENT_ID OWNER/REPOSITORY ENVIRONMENT [NAME]
set -euo pipefail

dry_run=''
if [[ ${1:-} == --dry-run ]]; then dry_run=yes; shift; fi
api=${1:?give the client id of the API}
repository=${2:?give the repository, as owner/name}
environment=${3:?give the environment of the repository}
name=${4:-orders-smoke}
graph=https://graph.microsoft.com/v1.0

change() {
    echo "$1" >&2
    shift
    [[ -n $dry_run ]] || "$@"
}

client=$("$(dirname "$0")/registration.sh" "$name")
if [[ -z $client ]]; then
    client=$(change "makes the app registration $name" az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv)
    [[ -z $dry_run ]] || exit 0
fi
principal=$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)
if [[ -z $principal ]]; then
    principal=$(change "makes its service principal" az ad sp create --id "$client" --query id --output tsv)
    [[ -z $dry_run ]] || { echo "$client"; exit 0; }
fi

subject="repo:$repository:environment:$environment"
known=$(az ad app federated-credential list --id "$client" --query "[?subject=='$subject'].id" --output tsv)
[[ -n $known ]] || change "lets $subject sign in as it" az ad app federated-credential create --id "$client" --output none --parameters \
    "{ \"name\": \"github-$environment\", \"issuer\": \"https://token.actions.githubusercontent.com\", \"subject\": \"$subject\", \"audiences\": [\"api://AzureADTokenExchange\"] }"

resource=$(az ad sp list --filter "appId eq '$api'" --query '[0].id' --output tsv)
role=$(az ad sp list --filter "appId eq '$api'" --query "[0].appRoles[?value=='OrderProcessor'].id" --output tsv)
if [[ -z $resource || -z $role ]]; then
    echo "$api has no role OrderProcessor here: run infra/scripts/register.sh first" >&2
    exit 1
fi
assigned=$(az rest --method get --url "$graph/servicePrincipals/$principal/appRoleAssignments?\$top=999" --query "value[?resourceId=='$resource' && appRoleId=='$role'].id" --output tsv)
[[ -n $assigned ]] || change "gives it the role OrderProcessor" az rest --method post --url "$graph/servicePrincipals/$principal/appRoleAssignments" \
    --headers Content-Type=application/json --output none --body "{ \"principalId\": \"$principal\", \"resourceId\": \"$resource\", \"appRoleId\": \"$role\" }"

echo "$client"
