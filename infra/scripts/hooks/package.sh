#!/usr/bin/env bash
# azd, before it packages a service: builds its package, or takes that of the release DEPLOY_RELEASE of DEPLOY_REPOSITORY.
# Changes nothing in Azure.
# Usage: infra/scripts/hooks/package.sh [--dry-run] SERVICE
set -euo pipefail

dry_run=()
if [[ ${1:-} == --dry-run ]]; then dry_run=(--dry-run); shift; fi
service=${1:?give the service}
release=()
if [[ -n ${DEPLOY_RELEASE:-} ]]; then
    release=("$DEPLOY_RELEASE" "${DEPLOY_REPOSITORY:?a release has a repository: azd env set DEPLOY_REPOSITORY owner/name}")
fi
infra/scripts/package.sh "${dry_run[@]}" "$service" "${release[@]}"
