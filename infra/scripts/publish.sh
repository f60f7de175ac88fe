#!/usr/bin/env bash
# Publishes a package to an app of a dedicated plan, which fetches it when it starts, from the address that its setting names.
# Changes that blob, and restarts the app. Run it inside the network, signed in (az login) as the identity id-deploy.
# Usage: infra/scripts/publish.sh [--dry-run] RESOURCE_GROUP APP ZIP
set -euo pipefail

run=''
if [[ ${1:-} == --dry-run ]]; then run='echo'; shift; fi
group=${1:?give the resource group}
app=${2:?give the app}
zip=${3:?give the package}

url=$(az functionapp config appsettings list --name "$app" --resource-group "$group" --query "[?name=='WEBSITE_RUN_FROM_PACKAGE'].value" --output tsv)
[[ -n $url ]] || { echo "$app has no setting WEBSITE_RUN_FROM_PACKAGE: is it on a dedicated plan?" >&2; exit 1; }
$run az storage blob upload --blob-url "$url" --file "$zip" --overwrite --auth-mode login --output none
$run az functionapp restart --name "$app" --resource-group "$group"
