#!/usr/bin/env bash
# azd, before it takes everything down: says which locks would make that fail halfway. Reads only; changes nothing in Azure.
# Usage: infra/scripts/hooks/predown.sh [--dry-run]
set -euo pipefail

[[ -n ${RESOURCE_GROUP:-} ]] || exit 0
locks=$(az lock list --subscription "$SUBSCRIPTION_ID" --resource-group "$RESOURCE_GROUP" --query '[].name' --output tsv)
if [[ -n $locks ]]; then
    echo "locks stand in $RESOURCE_GROUP: azd env set DEPLOY_KEEP false, azd provision, infra/scripts/unlock.sh $RESOURCE_GROUP, then azd down" >&2
    exit 1
fi
