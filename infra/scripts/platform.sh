#!/usr/bin/env bash
# Says whether this machine can deploy the size small: Linux on x64, for the packaged worker itself migrates the database.
# Reads only; changes nothing in Azure.
# Usage: infra/scripts/platform.sh [--dry-run]
set -euo pipefail

system=$(uname -s) machine=$(uname -m)
if [[ $system != Linux || $machine != x86_64 ]]; then
    echo "this is $system on $machine, and azd up needs Linux on x86_64: use WSL on Windows, Azure Cloud Shell elsewhere" >&2
    exit 1
fi
for program in az curl unzip; do
    command -v "$program" > /dev/null || { echo "$program is missing: install it, or use Azure Cloud Shell" >&2; exit 1; }
done
