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
repository=${DEPLOY_REPOSITORY:-OWNER/REPOSITORY}
cat << END

Provisioned. Next:
  az vm run-command invoke --subscription $SUBSCRIPTION_ID --resource-group $RESOURCE_GROUP --name ${RUNNER_MACHINE:-MACHINE} --command-id RunShellScript \\
    --scripts @infra/scripts/runner.sh --parameters https://github.com/$repository \\
    "\$(gh api --method POST repos/$repository/actions/runners/registration-token --jq .token)" $AZURE_ENV_NAME
  infra/scripts/variables.sh $AZURE_ENV_NAME $repository ${DEPLOY_SMOKE_CLIENT_ID:-SMOKE_CLIENT_ID}
  gh workflow run bootstrap.yml --repo $repository --field environment=$AZURE_ENV_NAME --field tag=TAG
END
