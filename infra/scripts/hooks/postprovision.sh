#!/usr/bin/env bash
# azd, after it provisioned. In production: makes the subscription key that the look after each deployment shows to the
# gateway, and says what comes next. Changes that subscription of the gateway and a secret of its vault.
# Usage: infra/scripts/hooks/postprovision.sh [--dry-run]
set -euo pipefail

[[ ${SIZE:-small} == production ]] || exit 0
group=/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$RESOURCE_GROUP/providers
if [[ -n ${DEPLOY_SMOKE_CLIENT_ID:-} ]]; then
    infra/scripts/smoke-key.sh "$@" "$group/Microsoft.ApiManagement/service/$GATEWAY_NAME" \
        "$group/Microsoft.KeyVault/vaults/$GATEWAY_VAULT_NAME" "$DEPLOY_SMOKE_CLIENT_ID"
fi
cat << END

Provisioned. Next, once the runner is registered with the repository and a release is tagged:
  infra/scripts/variables.sh $AZURE_ENV_NAME ${DEPLOY_REPOSITORY:-OWNER/REPOSITORY} RUNNER_LABEL ${DEPLOY_SMOKE_CLIENT_ID:-SMOKE_CLIENT_ID}
  gh workflow run bootstrap.yml --repo ${DEPLOY_REPOSITORY:-OWNER/REPOSITORY} --field environment=$AZURE_ENV_NAME --field tag=TAG
END
