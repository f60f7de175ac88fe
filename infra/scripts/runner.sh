#!/bin/bash
# Installs on a new runner (Ubuntu 24.04) what deployments and these scripts call and, with the address of a repository, a
# token to register with and a label, GitHub's runner as a service of a user without rights. Run it as root, again whenever
# the machine should be brought up to date; a runner that is registered stays so.
#   az vm run-command invoke --resource-group GROUP --name MACHINE --command-id RunShellScript --scripts @infra/scripts/runner.sh \
#     --parameters https://github.com/OWNER/REPOSITORY TOKEN LABEL
# Changes that machine, and the repository's list of runners. The token stays in the record of the command, and is worth
# nothing after an hour.
# Usage: infra/scripts/runner.sh [--dry-run] [URL TOKEN LABEL]
# Whatever shell Azure starts it with, it goes on in bash.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive HOME="${HOME:-/root}"

programs=(az curl gh unzip)
dry_run=''
if [[ ${1:-} == --dry-run ]]; then dry_run=yes; shift; fi
url=${1:-}
if [[ -n $url ]]; then
    token=${2:?give the token of the registration}
    label=${3:?give the label, which is the name of the environment}
fi
if [[ -n $dry_run ]]; then echo "installs ${programs[*]}${url:+, and registers at $url as $label}"; exit; fi
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
[[ -n $url ]] || exit 0

# GitHub's runner refuses to be root.
id runner > /dev/null 2>&1 || useradd --create-home --shell /bin/bash runner
IFS=: read -r _ _ _ _ _ home _ <<< "$(getent passwd runner)"
cd "$home"
if [[ ! -e .runner ]]; then
    newest=$(curl -fsSL --output /dev/null --write-out '%{url_effective}' https://github.com/actions/runner/releases/latest)
    version=${newest##*/v}
    curl -fsSL --output runner.tar.gz "https://github.com/actions/runner/releases/download/v$version/actions-runner-linux-x64-$version.tar.gz"
    sudo -u runner tar --extract --gzip --file runner.tar.gz
    ./bin/installdependencies.sh
    # A name is a runner's only once in a repository, so the machine that comes after this one takes it over.
    sudo -u runner ./config.sh --unattended --url "$url" --token "$token" --labels "$label" --name "$label" --replace
    ./svc.sh install runner
fi
./svc.sh start
./svc.sh status
