#!/usr/bin/env bash
# Registers what a subscription needs before the first provision and what no template can: the provider to which the subnets
# of Flex Consumption are lent and, with --runner, encryption at host for the runner's disks. azd runs it before it
# provisions. Changes these registrations of the subscription alone, nothing the second time; takes minutes the first time.
# Needs az, signed in as somebody who may register providers (Contributor of the subscription).
# Usage: infra/scripts/register-providers.sh [--dry-run] [--runner] SUBSCRIPTION_ID
set -euo pipefail

run=''
if [[ ${1:-} == --dry-run ]]; then run='echo'; shift; fi
runner=''
if [[ ${1:-} == --runner ]]; then runner=yes; shift; fi
subscription=${1:?give the id of the subscription}

$run az provider register --subscription "$subscription" --namespace Microsoft.App --wait
[[ -n $runner ]] || exit 0
$run az feature register --subscription "$subscription" --namespace Microsoft.Compute --name EncryptionAtHost --output none
# A feature counts only after it says so and its provider is registered anew.
until [[ -n $run || $(az feature show --subscription "$subscription" --namespace Microsoft.Compute --name EncryptionAtHost --query properties.state --output tsv) == Registered ]]; do
    echo "waiting for Microsoft.Compute/EncryptionAtHost: up to a quarter of an hour, once" >&2
    sleep 20
done
$run az provider register --subscription "$subscription" --namespace Microsoft.Compute --wait
