//! The table of settings: the one list of names that the worker knows.

use super::needs::Needs;

/// What the names of the worker's own settings begin with.
pub(super) const PREFIX: &str = "ORDERS_";

/// A setting that the worker knows.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name of the environment variable.
    pub name: &'static str,
    /// What holds while it is not set.
    pub default: Option<&'static str>,
    /// What it decides.
    pub meaning: &'static str,
    pub(super) concern: Concern,
}

/// Which processes a setting concerns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Concern {
    Every,
    Http,
    /// Functions that people call, or that act for people named in a message.
    People,
    Description,
    Fulfilment,
    /// Functions that look secrets up.
    Secrets,
    /// Functions that look secrets up, or have a setting that may be kept in the vault.
    Vault,
}

impl Concern {
    pub(super) fn holds(self, needs: Needs) -> bool {
        match self {
            Self::Every => true,
            Self::Http => needs.http,
            Self::People => needs.http || needs.incoming,
            Self::Description => needs.description,
            Self::Fulfilment => needs.fulfilment,
            Self::Secrets => needs.secrets,
            Self::Vault => needs.secrets || needs.fulfilment || needs.http,
        }
    }
}

const fn setting(
    name: &'static str,
    concern: Concern,
    default: Option<&'static str>,
    meaning: &'static str,
) -> Setting {
    Setting { name, default, meaning, concern }
}

/// Every setting that the worker knows by name. `WEBSITE_AUTH_ENABLED` is no setting: the platform sets it.
pub const SETTINGS: &[Setting] = &[
    setting(
        "FUNCTIONS_CUSTOMHANDLER_PORT",
        Concern::Every,
        None,
        "the port to listen on; the Functions host sets it",
    ),
    setting(
        "ORDERS_DATABASE_URL",
        Concern::Every,
        Some("sqlite://.local/orders.db"),
        "where orders are kept: sqlite:// or postgres://; the default holds on a developer's machine only",
    ),
    setting("ORDERS_DATABASE_POOL", Concern::Every, Some("4"), "connections per process"),
    setting(
        "ORDERS_DATABASE_IDENTITY",
        Concern::Every,
        Some("password"),
        "how the worker signs in to its database: `password`, that of the URL, or `managed`, a token of the app's \
         managed identity",
    ),
    setting(
        "ORDERS_IDENTITY",
        Concern::Http,
        Some("easyauth+jwt"),
        "what says who a caller is: `easyauth` the platform's header, `jwt` the token, or both, which must agree",
    ),
    setting(
        "ORDERS_ENTRA_TENANT_ID",
        Concern::People,
        None,
        "the only tenant whose people and programs are let in, and whose people a queued order may name; required \
         where tokens are checked, and on the platform",
    ),
    setting(
        "ORDERS_ENTRA_AUDIENCE",
        Concern::Http,
        None,
        "the audience of tokens: the client id of the API's app registration; required where tokens are checked, and \
         compared with the principal's in `easyauth`",
    ),
    setting(
        "ORDERS_ENTRA_ALLOWED_CLIENTS",
        Concern::Http,
        None,
        "client ids, with commas between, that may call on a user's behalf; any when local, required else",
    ),
    setting(
        "ORDERS_REQUIRED_SCOPE",
        Concern::Http,
        Some("Orders.ReadWrite"),
        "the scope that a user's token must carry",
    ),
    setting(
        "ORDERS_ENTRA_AUTHORITY",
        Concern::Http,
        None,
        "another issuer of tokens than Entra, where tokens are checked; plain http for one on a developer's own \
         machine only",
    ),
    setting(
        "ORDERS_FULFILMENT_URL",
        Concern::Fulfilment,
        None,
        "the fulfilment backend; without it a stand-in takes its place on a developer's machine, and on the platform \
         orders wait",
    ),
    setting(
        "ORDERS_FULFILMENT_CLIENT_CERTIFICATE",
        Concern::Fulfilment,
        None,
        "the certificate that the backend knows the worker by: a PEM file's path, or `keyvault:` and a secret's name",
    ),
    setting(
        "ORDERS_FULFILMENT_CA",
        Concern::Fulfilment,
        None,
        "who alone may vouch for the backend: PEM, or where it is; the public authorities without it",
    ),
    setting(
        "ORDERS_CLIENT_CERTIFICATE_MODE",
        Concern::Http,
        Some("off"),
        "`required` where the platform demands a certificate of every caller; `off` drops what it says of one unread",
    ),
    setting(
        "ORDERS_CLIENT_CERTIFICATE_CA",
        Concern::Http,
        None,
        "who alone may vouch for callers: PEM, or where it is; may also hold revocation lists, which then count",
    ),
    setting(
        "ORDERS_CLIENT_CERTIFICATE_ALLOWED",
        Concern::Http,
        None,
        "whose certificate is whose: client ids with the DNS name or URI of their certificate, `<id>=<name>,…`",
    ),
    setting(
        "ORDERS_RATE_LIMIT",
        Concern::Http,
        Some("20/s burst 40"),
        "how often one caller may call one process; or `off`",
    ),
    setting(
        "ORDERS_OUTBOX_DEADLINE",
        Concern::Every,
        Some("2m"),
        "how long a message may stay unacknowledged before it is sent again",
    ),
    setting(
        "ORDERS_API_DESCRIPTION",
        Concern::Description,
        Some("on"),
        "whether callers may read what the HTTP functions take and give: on or off",
    ),
    setting(
        "KeyVaultUrl",
        Concern::Vault,
        None,
        "the vault that secrets are looked up in: https://<name>.vault.azure.net; read with the app's managed \
         identity, on a developer's machine with their own sign-in (az, azd)",
    ),
    setting("SecretName", Concern::Secrets, None, "the secret that is looked up when none is named"),
    setting(
        "AZURE_CLIENT_ID",
        Concern::Every,
        None,
        "the user-assigned identity that signs in to vault and database; the system-assigned one without it",
    ),
    setting("ORDERS_LOG", Concern::Every, Some("info"), "which log lines are written"),
    setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Concern::Every,
        None,
        "the collector that a span of each invocation is sent to, below /v1/traces: https, or http on this machine",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_HEADERS",
        Concern::Every,
        None,
        "what the collector knows the worker by: `name=value,…`; secret",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        Concern::Every,
        None,
        "how spans travel; the worker speaks `http/json` alone",
    ),
    setting("OTEL_SERVICE_NAME", Concern::Every, Some("orders-worker"), "whose spans they are"),
];

/// The setting of this name.
pub(super) fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting of this name, in whatever letters.
pub(super) fn spelled(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name.eq_ignore_ascii_case(name))
}
