#!/bin/bash
# Installs on a new runner (Ubuntu 24.04) what deployments and these scripts call. Run it once, as root, before the machine is
# registered, and again whenever it should be brought up to date.
#   az vm run-command invoke --resource-group GROUP --name MACHINE --command-id RunShellScript --scripts @infra/scripts/runner.sh
# Changes that machine alone.
# Usage: infra/scripts/runner.sh [--dry-run]
# Whatever shell Azure starts it with, it goes on in bash.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive HOME="${HOME:-/root}"

programs=(az curl gh unzip)
if [[ ${1:-} == --dry-run ]]; then echo "installs ${programs[*]}"; exit; fi
apt-get update --quiet
apt-get install --quiet --yes ca-certificates curl unzip

# Ubuntu's own gh is older than `gh attestation`, and it has no az.
install --directory --mode 0755 /etc/apt/keyrings
curl -fsSL https://cli.github.com/packages/githubcli-archive-keyring.gpg --output /etc/apt/keyrings/github.gpg
curl -fsSL https://packages.microsoft.com/keys/microsoft.asc --output /etc/apt/keyrings/microsoft.asc
chmod 0644 /etc/apt/keyrings/github.gpg /etc/apt/keyrings/microsoft.asc
echo 'deb [arch=amd64 signed-by=/etc/apt/keyrings/github.gpg] https://cli.github.com/packages stable main' | tee /etc/apt/sources.list.d/github.list
echo 'deb [arch=amd64 signed-by=/etc/apt/keyrings/microsoft.asc] https://packages.microsoft.com/repos/azure-cli/ noble main' | tee /etc/apt/sources.list.d/azure-cli.list
apt-get update --quiet
apt-get install --quiet --yes azure-cli gh

for program in "${programs[@]}"; do
    command -v "$program" || { echo "$program is missing: see what failed above, and run this again" >&2; exit 1; }
done
