#!/bin/sh
# Makes the apps' logins in the database. Run it inside the network, signed in (az login) as an Entra administrator of the
# database, after `orders-worker migrate`. Needs azd, az and psql.
set -eu

value() { azd env get-value "$1"; }

host=$(value DATABASE_HOST)
PGPASSWORD=$(az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv)
PGOPTIONS="-c logins.api_name=$(value API_IDENTITY) -c logins.api_id=$(value API_IDENTITY_OBJECT_ID) \
-c logins.processor_name=$(value PROCESSOR_IDENTITY) -c logins.processor_id=$(value PROCESSOR_IDENTITY_OBJECT_ID) \
-c logins.database=orders"
export PGPASSWORD PGOPTIONS

psql "host=$host dbname=postgres user=${1:?give the name of the administrator to sign in as} sslmode=verify-full sslrootcert=system" \
    --no-psqlrc --set ON_ERROR_STOP=1 --file "$(dirname "$0")/logins.sql"
