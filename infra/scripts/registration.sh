#!/usr/bin/env bash
# Says the client id of the app registration of this name, and nothing where there is none. Names are not unique in a
# directory, so it refuses two of one name, and one of somebody else, who could put secrets of their own into it.
# Reads only; changes nothing. Needs az, signed in as a person.
# Usage: infra/scripts/registration.sh [--dry-run] NAME
set -euo pipefail

if [[ ${1:-} == --dry-run ]]; then shift; fi
name=${1:?give the name of the app registration}

client=$(az ad app list --filter "displayName eq '$name'" --query '[].appId' --output tsv)
[[ -n $client ]] || exit 0
if [[ $client == *$'\n'* ]]; then
    echo "several app registrations are called $name: ${client//$'\n'/ }" >&2
    echo "delete those that are none of yours to use (az ad app delete --id ID), or give another name or client id" >&2
    exit 1
fi
# Azure CLI does not filter what is somebody's own.
own=$(az ad app list --show-mine --query "[?appId=='$client'].appId" --output tsv)
if [[ -z $own ]]; then
    echo "the app registration $name ($client) is somebody else's: let an owner of it run this, or make you one" \
        "(az ad app owner add --id $client --owner-object-id YOUR_ID), or give another name" >&2
    exit 1
fi
echo "$client"
