#!/usr/bin/env bash
# azd, before it publishes: brings the database to the version of the package, as the person who is signed in, and gives each
# app's identity its login. Changes the database, and lets this machine's address in (firewall rule deployer).
# Usage: infra/scripts/hooks/predeploy.sh [--dry-run]
set -euo pipefail

dry_run=()
if [[ ${1:-} == --dry-run ]]; then dry_run=(--dry-run); fi
if [[ ${SIZE:?nothing is provisioned yet: run azd provision first} != small ]]; then
    echo "the apps of the size production are closed to this machine: run the workflow Deploy (docs/deploy.md)" >&2
    exit 1
fi
# azd takes a package away once it is published, and packages only after this.
infra/scripts/hooks/package.sh "${dry_run[@]}" api
worker=target/package/api/orders-worker
[[ -n ${dry_run[*]} ]] || unzip -q -o target/package/api.zip orders-worker -d target/package/api
infra/scripts/migrate.sh "${dry_run[@]}" --address "${DEPLOY_ADDRESS:-}" \
    "/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers/Microsoft.DBforPostgreSQL/flexibleServers/${DATABASE_HOST%%.*}" \
    "$DATABASE_HOST" "$DEPLOY_PRINCIPAL_NAME" "$worker" \
    --login "orders_api=$API_IDENTITY:$API_IDENTITY_OBJECT_ID" --login "orders_processor=$PROCESSOR_IDENTITY:$PROCESSOR_IDENTITY_OBJECT_ID"
