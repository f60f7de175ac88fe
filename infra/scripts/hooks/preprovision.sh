#!/usr/bin/env bash
# azd, before it provisions: registers what the subscription needs and, unless DEPLOY_API_CLIENT_ID names one, the app
# registration of the API. Keeps what it finds in azd's environment. Changes registrations of the subscription and of the
# directory, nothing the second time.
# Usage: infra/scripts/hooks/preprovision.sh [--dry-run]
set -euo pipefail

dry_run=() keep=(azd env set)
if [[ ${1:-} == --dry-run ]]; then dry_run=(--dry-run) keep=(echo azd env set); fi
size=${DEPLOY_SIZE:-small}
if [[ $size != small && $size != production ]]; then
    echo "DEPLOY_SIZE is $size, and has to be small or production: azd env set DEPLOY_SIZE small" >&2
    exit 1
fi
[[ $size == production ]] || infra/scripts/platform.sh
# azd up asks for a subscription first, azd provision only after this.
if [[ -z ${AZURE_SUBSCRIPTION_ID:-} ]]; then
    echo "no subscription is chosen: azd env set AZURE_SUBSCRIPTION_ID \"\$(az account show --query id --output tsv)\", then again" >&2
    exit 1
fi
az account show --subscription "$AZURE_SUBSCRIPTION_ID" --output none || {
    echo "az is not signed in to $AZURE_SUBSCRIPTION_ID: az login, and azd config set auth.useAzCliAuth true, so that azd is the same person" >&2
    exit 1
}
runner=()
if [[ ${DEPLOY_RUNNER:-false} == true ]]; then runner=(--runner); fi
infra/scripts/register-providers.sh "${dry_run[@]}" "${runner[@]}" "$AZURE_SUBSCRIPTION_ID"

person=()
if [[ $size == small ]]; then
    id=$(az ad signed-in-user show --query id --output tsv)
    name=$(az ad signed-in-user show --query userPrincipalName --output tsv)
    person=(--person "$id")
    # The database knows a person by both, and the next one who provisions may be another.
    "${keep[@]}" DEPLOY_PRINCIPAL_ID "$id"
    "${keep[@]}" DEPLOY_PRINCIPAL_NAME "$name"
fi
if [[ -z ${DEPLOY_API_CLIENT_ID:-} ]]; then
    DEPLOY_API_CLIENT_ID=$(infra/scripts/register.sh "${dry_run[@]}" "${person[@]}" "orders-$AZURE_ENV_NAME") || {
        echo "the API is not registered: let somebody who may run infra/scripts/register.sh ${person[*]} orders-$AZURE_ENV_NAME," \
            "then azd env set DEPLOY_API_CLIENT_ID with what it prints, and run azd again" >&2
        exit 1
    }
    "${keep[@]}" DEPLOY_API_CLIENT_ID "$DEPLOY_API_CLIENT_ID"
fi
[[ $size == production ]] || exit 0

if [[ -n ${DEPLOY_REPOSITORY:-} && -z ${DEPLOY_SMOKE_CLIENT_ID:-} && -n $DEPLOY_API_CLIENT_ID ]]; then
    smoke=$(infra/scripts/register-program.sh "${dry_run[@]}" "$DEPLOY_API_CLIENT_ID" "$DEPLOY_REPOSITORY" "$AZURE_ENV_NAME" "orders-smoke-$AZURE_ENV_NAME")
    "${keep[@]}" DEPLOY_SMOKE_CLIENT_ID "$smoke"
fi
if command -v cargo > /dev/null; then
    DEPLOY_API_CLIENT_ID=$DEPLOY_API_CLIENT_ID cargo xtask infra check
else
    echo "no Rust here: infra/main.parameters.json is not checked" >&2
fi
