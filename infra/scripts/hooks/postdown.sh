#!/usr/bin/env bash
# azd, after it took everything down: says what is left, for it is no part of the resource group. Changes nothing in Azure.
# Usage: infra/scripts/hooks/postdown.sh [--dry-run]
set -euo pipefail

for name in DEPLOY_API_CLIENT_ID DEPLOY_SMOKE_CLIENT_ID; do
    client=${!name:-}
    # A name that stays would lead the next provision to an application that is gone.
    [[ -z $client ]] ||
        echo "The app registration $client is left: az ad app delete --id $client and azd env set $name '', or keep it for the next azd up."
done
echo "Deleted vaults, and in production API Management, keep their names for a while: docs/deploy.md, Take it down."
