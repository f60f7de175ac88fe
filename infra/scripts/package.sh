#!/usr/bin/env bash
# Puts the package of an app at target/package/APP.zip: built here with Cargo, or that of a release, whose provenance is
# verified. Changes nothing in Azure. A release needs gh, signed in.
# Usage: infra/scripts/package.sh [--dry-run] APP                            built here
#        infra/scripts/package.sh [--dry-run] APP TAG OWNER/REPOSITORY       of that release
set -euo pipefail

run=''
if [[ ${1:-} == --dry-run ]]; then run='echo'; shift; fi
app=${1:?give the app: api, processor or one}
tag=${2:-}

if [[ -z $tag ]]; then
    command -v cargo > /dev/null || {
        echo "there is no Cargo to build with: install Rust, or take a release: azd env set DEPLOY_RELEASE v1.2.3" >&2
        exit 1
    }
    $run cargo xtask package --app "$app"
    exit
fi
repository=${3:?give the repository of the release, as owner/name}
$run gh release download "$tag" --repo "$repository" --pattern "$app.zip" --dir target/package --clobber
$run gh attestation verify "target/package/$app.zip" --repo "$repository" --signer-workflow "$repository/.github/workflows/release.yml"
