#!/bin/sh
# Sets the repository variables that the workflows Bootstrap and Deploy read, from what the last provision said. None of them
# is a secret. Needs az and gh, both signed in.
# Usage: infra/scripts/variables.sh [--dry-run] ENVIRONMENT OWNER/REPOSITORY RUNNER_LABEL SMOKE_CLIENT_ID
set -eu

run=
if [ "${1:-}" = --dry-run ]; then run=echo; shift; fi
environment=${1:?give the name of the azd environment}
repository=${2:?give the repository, as owner/name}
runner=${3:?give the label of the runner}
smoke=${4:?give the client id of the program that looks after each deployment}

set_variable() { $run gh variable set "$1" --repo "$repository" --env "$environment" --body "$2"; }

newest="[?tags.\"azd-env-name\"=='$environment' && properties.provisioningState=='Succeeded'] | sort_by(@, &properties.timestamp)[-1]"
az deployment sub list --query "$newest.properties.outputs.{$(
    for name in TENANT_ID SUBSCRIPTION_ID PLAN RESOURCE_GROUP API_APP_NAME PROCESSOR_APP_NAME DATABASE_HOST API_CLIENT_ID \
        API_IDENTITY API_IDENTITY_OBJECT_ID PROCESSOR_IDENTITY PROCESSOR_IDENTITY_OBJECT_ID MIGRATE_IDENTITY \
        MIGRATE_CLIENT_ID DEPLOY_CLIENT_ID GATEWAY_URL GATEWAY_VAULT_NAME; do
        printf '%s:%s.value,' "$name" "$name"
    done | sed 's/,$//'
)}" --output json | sed -n 's/^ *"\([A-Z_]*\)": "\(.*\)",\{0,1\}$/\1 \2/p' | while read -r name value; do
    set_variable "$name" "$value"
done
set_variable RUNNER "$runner"
set_variable SMOKE_CLIENT_ID "$smoke"
