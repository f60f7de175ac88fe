#!/bin/sh
# Makes the apps' logins in the database. Run it inside the network, signed in (az login) as an Entra administrator of the
# database, after `orders-worker migrate`. Needs az and psql. The workflow Bootstrap does it as the identity id-migrate.
# Usage: infra/scripts/logins.sh HOST ADMINISTRATOR API_IDENTITY API_OBJECT_ID PROCESSOR_IDENTITY PROCESSOR_OBJECT_ID
set -eu

host=${1:?give the host of the database}
administrator=${2:?give the name of the administrator to sign in as}
PGPASSWORD=$(az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv)
PGOPTIONS="-c logins.api_name=${3:?give the identity of the api app} -c logins.api_id=${4:?give its object id} \
-c logins.processor_name=${5:?give the identity of the processor} -c logins.processor_id=${6:?give its object id} \
-c logins.database=orders"
export PGPASSWORD PGOPTIONS

psql "host=$host dbname=postgres user=$administrator sslmode=verify-full sslrootcert=system" \
    --no-psqlrc --set ON_ERROR_STOP=1 --file "$(dirname "$0")/logins.sql"
