#!/usr/bin/env bash
# azd, before it packages: says first what would only fail later. Changes nothing in Azure.
# Usage: infra/scripts/hooks/prepackage.sh [--dry-run]
set -euo pipefail

case ${DEPLOY_SIZE:-small} in
small) exec infra/scripts/platform.sh "$@" ;;
production)
    echo "the size production is deployed from a release, by the workflows Bootstrap and Deploy: run azd provision, then those (docs/deploy.md)" >&2
    exit 1
    ;;
*)
    echo "DEPLOY_SIZE is $DEPLOY_SIZE, and has to be small or production: azd env set DEPLOY_SIZE small" >&2
    exit 1
    ;;
esac
