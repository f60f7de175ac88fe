//! The table of settings: the one list of names that the worker knows.

use super::setting::{AppliesTo, Setting};
use telemetry::TELEMETRY;

mod telemetry;

/// What the names of the worker's own settings begin with.
pub(super) const SETTING_PREFIX: &str = "ORDERS_";

/// Every setting that the worker knows by name. `WEBSITE_AUTH_ENABLED` is no setting: the platform sets it.
pub const SETTINGS: &[Setting] = &{
    let mut all = [WORKER[0]; WORKER.len() + TELEMETRY.len()];
    let mut next = 0;
    while next < all.len() {
        all[next] = if next < WORKER.len() { WORKER[next] } else { TELEMETRY[next - WORKER.len()] };
        next += 1;
    }
    all
};

/// The settings beside those of OpenTelemetry.
const WORKER: &[Setting] = &[
    Setting {
        name: "FUNCTIONS_CUSTOMHANDLER_PORT",
        applies_to: AppliesTo::Every,
        default: None,
        form: "a port from 1 to 65535",
        example: "7071",
        required: "always; the Functions host sets it",
        meaning: "the port to listen on",
    },
    Setting {
        name: "ORDERS_DATABASE_URL",
        applies_to: AppliesTo::Every,
        default: Some("sqlite://.local/orders.db"),
        form: "`sqlite://` and the path of a file, or `postgres://user@host/database`; in Azure a `postgres://` URL \
            that ends with `?sslmode=verify-full`",
        example: "postgres://id-orders-api@orders.postgres.database.azure.com/orders?sslmode=verify-full",
        required: "in Azure; the default is for a development machine",
        meaning: "the database of orders",
    },
    Setting {
        name: "ORDERS_DATABASE_POOL",
        applies_to: AppliesTo::Every,
        default: Some("4"),
        form: "a number from 1 to 100",
        example: "8",
        required: "never",
        meaning: "connections to the database per process",
    },
    Setting {
        name: "ORDERS_DATABASE_POOLER",
        applies_to: AppliesTo::Every,
        default: Some("none"),
        form: "`none`, `transaction` or `transaction-prepared`",
        example: "transaction",
        required: "where the URL leads to PgBouncer with `pool_mode = transaction`",
        meaning: "what the URL leads to: `none`, the server itself; `transaction`, PgBouncer, each statement unnamed \
            and in a transaction of its own; `transaction-prepared`, PgBouncer from 1.21 on whose \
            `max_prepared_statements` is above 0",
    },
    Setting {
        name: "ORDERS_DATABASE_IDENTITY",
        applies_to: AppliesTo::Every,
        default: Some("password"),
        form: "`password` or `managed`",
        example: "managed",
        required: "never",
        meaning: "how the worker signs in to its database: `password`, that of the URL, or `managed`, a token of \
            the app's managed identity",
    },
    Setting {
        name: "ORDERS_IDENTITY",
        applies_to: AppliesTo::Http,
        default: Some("easyauth+jwt"),
        form: "`easyauth+jwt`, `easyauth` or `jwt`",
        example: "easyauth+jwt",
        required: "never",
        meaning: "how callers are authenticated: `easyauth` by the header of App Service Authentication, `jwt` by \
            the token, `easyauth+jwt` by both, which must agree",
    },
    Setting {
        name: "ORDERS_ENTRA_TENANT_ID",
        applies_to: AppliesTo::Users,
        default: None,
        form: "a GUID",
        example: "0b31e8f4-52f2-4e0b-9d3c-6d1f2b9a7c10",
        required: "in Azure, and wherever tokens are verified",
        meaning: "the only tenant whose users and apps may call, and whose users a queued order may name",
    },
    Setting {
        name: "ORDERS_ENTRA_AUDIENCE",
        applies_to: AppliesTo::Http,
        default: None,
        form: "one word of visible ASCII characters, usually a GUID",
        example: "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02",
        required: "wherever tokens are verified",
        meaning: "the audience of tokens: the client id of the API's app registration; in `easyauth` it is compared \
            with the principal's, if set",
    },
    Setting {
        name: "ORDERS_ENTRA_ALLOWED_CLIENTS",
        applies_to: AppliesTo::Http,
        default: None,
        form: "GUIDs, separated by commas",
        example: "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02,5d0c1c5e-7a52-4f5c-a5f6-3a8f2c1b9e11",
        required: "in Azure; without it every client may on a development machine",
        meaning: "client ids that may call on behalf of a user",
    },
    Setting {
        name: "ORDERS_REQUIRED_SCOPE",
        applies_to: AppliesTo::Http,
        default: Some("Orders.ReadWrite"),
        form: "one scope of visible ASCII characters, without `\"` and `\\`",
        example: "Orders.ReadWrite",
        required: "never",
        meaning: "the scope that a user's token must have",
    },
    Setting {
        name: "ORDERS_ENTRA_AUTHORITY",
        applies_to: AppliesTo::Http,
        default: None,
        form: "an `https://` URL without user, query and fragment; on a development machine also \
            `http://localhost:PORT`",
        example: "https://login.microsoftonline.us",
        required: "never; without it `https://login.microsoftonline.com`",
        meaning: "another issuer of tokens in Entra's form, such as that of a national cloud; not with `easyauth`, \
            which verifies no token",
    },
    Setting {
        name: "ORDERS_FULFILMENT_URL",
        applies_to: AppliesTo::Fulfilment,
        default: None,
        form: "an `https://` URL without user, query and fragment",
        example: "https://fulfilment.example.net/v1",
        required: "never; without it a stub accepts orders on a development machine, and in Azure orders wait",
        meaning: "the fulfilment backend",
    },
    Setting {
        name: "ORDERS_FULFILMENT_CLIENT_CERTIFICATE",
        applies_to: AppliesTo::Fulfilment,
        default: None,
        form: "the path of a PEM file, or `keyvault:` and the name of a secret",
        example: "keyvault:fulfilment-client",
        required: "with `ORDERS_FULFILMENT_URL`",
        meaning: "the client certificate for the fulfilment backend, with its chain and private key",
    },
    Setting {
        name: "ORDERS_FULFILMENT_CA",
        applies_to: AppliesTo::Fulfilment,
        default: None,
        form: "PEM text, the path of a PEM file, or `keyvault:` and the name of a secret",
        example: "/certificates/fulfilment-ca.pem",
        required: "never; without it the public authorities",
        meaning: "the only authorities that are trusted to issue the certificate of the fulfilment backend",
    },
    Setting {
        name: "ORDERS_CLIENT_CERTIFICATE_MODE",
        applies_to: AppliesTo::Http,
        default: Some("off"),
        form: "`off` or `required`",
        example: "required",
        required: "never",
        meaning: "`required` verifies the client certificates of callers; `off` ignores them. In Azure `required` \
            needs a plan with clientCertMode (not Flex Consumption)",
    },
    Setting {
        name: "ORDERS_CLIENT_CERTIFICATE_CA",
        applies_to: AppliesTo::Http,
        default: None,
        form: "PEM text, the path of a PEM file, or `keyvault:` and the name of a secret",
        example: "keyvault:partners-ca",
        required: "with `ORDERS_CLIENT_CERTIFICATE_MODE` `required`, and only then",
        meaning: "the only authorities that are trusted to issue certificates of callers; may contain revocation \
            lists, which are then checked",
    },
    Setting {
        name: "ORDERS_CLIENT_CERTIFICATE_ALLOWED",
        applies_to: AppliesTo::Http,
        default: None,
        form: "pairs of a client id and the DNS name or URI of its certificate, such as `<client \
            id>=partner.example,<client id>=spiffe://example/partner`",
        example: "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=partner.example",
        required: "with `ORDERS_CLIENT_CERTIFICATE_MODE` `required`, and only then",
        meaning: "which certificate belongs to which client",
    },
    Setting {
        name: "ORDERS_RATE_LIMIT",
        applies_to: AppliesTo::Http,
        default: Some("20/s burst 40"),
        form: "`off`, or a rate such as `20/s burst 40` or `90/m burst 10`: 1 to 1,000 requests, a burst of 1 to \
            10,000",
        example: "90/m burst 10",
        required: "never",
        meaning: "how many requests one caller may send to one process; `off` also lifts the limit of requests at \
            once",
    },
    Setting {
        name: "ORDERS_OUTBOX_DEADLINE",
        applies_to: AppliesTo::Every,
        default: Some("2m"),
        form: "a time from 1s to 24h: a number and `s`, `m` or `h`",
        example: "5m",
        required: "never",
        meaning: "how long a message may stay unacknowledged before it is sent again",
    },
    Setting {
        name: "ORDERS_API_DESCRIPTION",
        applies_to: AppliesTo::OpenApi,
        default: Some("on"),
        form: "`on` or `off`",
        example: "off",
        required: "never",
        meaning: "whether callers may read the OpenAPI document",
    },
    Setting {
        name: "KeyVaultUrl",
        applies_to: AppliesTo::Vault,
        default: None,
        form: "the address of a vault, such as `https://<name>.vault.azure.net`",
        example: "https://orders-secrets.vault.azure.net",
        required: "with a setting whose value begins with `keyvault:`",
        meaning: "the vault of secrets; read with the app's managed identity, on a development machine with the \
            developer's own sign-in (az, azd)",
    },
    Setting {
        name: "SecretName",
        applies_to: AppliesTo::Secrets,
        default: None,
        form: "the name of a secret: 1 to 127 letters, digits and hyphens",
        example: "shop-token",
        required: "never",
        meaning: "the secret that is looked up when the caller names none",
    },
    Setting {
        name: "AZURE_CLIENT_ID",
        applies_to: AppliesTo::Every,
        default: None,
        form: "a GUID",
        example: "7f3c2d1e-90ab-4cde-8f01-23456789abcd",
        required: "never; without it the system-assigned identity",
        meaning: "the user-assigned identity that signs in to vault and database",
    },
    Setting {
        name: "ORDERS_LOG",
        applies_to: AppliesTo::Every,
        default: Some("info"),
        form: "a level such as `info`, or levels by module such as `warn,orders_worker=debug`",
        example: "warn,orders_worker=debug",
        required: "never",
        meaning: "which log lines are written",
    },
];

/// The setting of this name.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting of this name, in upper or lower case.
pub(super) fn find_ignoring_case(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name.eq_ignore_ascii_case(name))
}
