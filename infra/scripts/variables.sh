#!/usr/bin/env bash
# Sets the variables that the workflows Bootstrap and Deploy read, from what the last provision said, in the environment of
# the repository, which it makes where it is missing. None of them is a secret. Changes that environment and nothing in Azure.
# Needs az, signed in to the subscription, and gh, signed in as an administrator of the repository.
# Usage: infra/scripts/variables.sh [--dry-run] ENVIRONMENT OWNER/REPOSITORY SMOKE_CLIENT_ID
set -euo pipefail

run=''
if [[ ${1:-} == --dry-run ]]; then run='echo'; shift; fi
environment=${1:?give the name of the azd environment}
repository=${2:?give the repository, as owner/name}
smoke=${3:?give the client id of the program that looks after each deployment}

set_variable() { $run gh variable set "$1" --repo "$repository" --env "$environment" --body "$2"; }

# Azure answers with other capitals than it was given ("tenanT_ID"), so names are compared without them.
newest="[?tags.\"azd-env-name\"=='$environment' && properties.provisioningState=='Succeeded'] | sort_by(@, &properties.timestamp)[-1]"
outputs=$(az deployment sub list --query "$newest.properties.outputs" --output json | awk '
    /^  "[A-Za-z_]+": \{/ { name = toupper($1); gsub(/[":]/, "", name) }
    /^    "value": "/ { value = $0; sub(/^    "value": "/, "", value); sub(/",?$/, "", value); print name, value }
')
if [[ -z $outputs ]]; then
    echo "nothing was provisioned as $environment in this subscription: run azd provision, or az account set" >&2
    exit 1
fi
place=repos/$repository/environments/$environment
if ! said=$(gh api "$place" --silent 2>&1); then
    # To make one that is there would take away its reviewers.
    [[ $said == *'HTTP 404'* ]] || { echo "$said" >&2; exit 1; }
    $run gh api --method PUT "$place" --silent
fi
while read -r name value; do
    [[ -z $value ]] || set_variable "$name" "$value"
done <<< "$outputs"
set_variable SMOKE_CLIENT_ID "$smoke"
