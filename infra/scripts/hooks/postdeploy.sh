#!/usr/bin/env bash
# azd, after it published: tries the API as the person who is signed in, and says where it answers and what to do next.
# Leaves a product and an order in the database; changes nothing in Azure.
# Usage: infra/scripts/hooks/postdeploy.sh [--dry-run]
set -euo pipefail

fulfilled=()
if [[ -n ${DEPLOY_FULFILMENT_URL:-} ]]; then fulfilled=(--fulfilled); fi
subscription=${SUBSCRIPTION_ID:?nothing is provisioned yet: run azd provision first}
if [[ ${1:-} != --dry-run ]]; then
    DEPLOY_TOKEN=$(az account get-access-token --subscription "$subscription" --resource "api://$API_CLIENT_ID" --query accessToken --output tsv)
    DEPLOY_KEY=$(az functionapp keys list --subscription "$subscription" --resource-group "$RESOURCE_GROUP" --name "$API_APP_NAME" --query functionKeys.default --output tsv)
    export DEPLOY_TOKEN DEPLOY_KEY
fi
infra/scripts/smoke.sh "$@" "${fulfilled[@]}" "$API_URL"
cat << END

The API answers at $API_URL. Next, hold it against the controls:
  export DOCTOR_TOKEN=\$(az account get-access-token --subscription $subscription --resource api://$API_CLIENT_ID --query accessToken --output tsv)
  export DOCTOR_FUNCTION_KEY=\$(az functionapp keys list --subscription $subscription --resource-group $RESOURCE_GROUP --name $API_APP_NAME --query functionKeys.default --output tsv)
  target/package/api/orders-worker doctor --url $API_URL
END
