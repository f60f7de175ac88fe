#!/usr/bin/env bash
# Takes the locks against deletion off storage, vaults and the database, so that `azd down` can delete them.
# Changes the locks of the resource group alone. Needs az, signed in as its Owner or User Access Administrator.
# Usage: infra/scripts/unlock.sh [--dry-run] RESOURCE_GROUP
set -euo pipefail

run=''
if [[ ${1:-} == --dry-run ]]; then run='echo'; shift; fi
group=${1:?give the resource group}

locks=$(az lock list --resource-group "$group" --query '[].id' --output tsv)
while read -r lock; do
    [[ -z $lock ]] || $run az lock delete --ids "$lock"
done <<< "$locks"
