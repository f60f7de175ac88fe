//! The table of settings (contract §7): the one list of names that the worker knows.

use super::Needs;

/// A setting that the worker knows.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name of the environment variable.
    pub name: &'static str,
    /// What holds in this version while it is not set.
    pub default: Option<&'static str>,
    /// What it decides.
    pub meaning: &'static str,
    pub(super) concern: Concern,
    pub(super) state: State,
}

/// Which processes a setting concerns.
#[derive(Clone, Copy, Debug)]
pub(super) enum Concern {
    Every,
    Http,
    /// Functions that people call, or that act for people whom a message names.
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
            Self::Vault => needs.secrets || needs.fulfilment,
        }
    }
}

/// What this version can do with a setting.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Everything.
    Built,
    /// Only the values `now`; others start no process, for the reason in words.
    Partly { now: &'static [&'static str], later: Later, reason: &'static str },
    /// Nothing; set at all it starts no process.
    Later(&'static str),
}

/// Values that a later version takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Later {
    These(&'static [&'static str]),
}

const BACKEND: &str = "needs a fulfilment backend, which this version does not call; remove it";
const CERTIFICATES: &str = "needs client certificates, which this version does not check; remove it";

const fn built(
    name: &'static str,
    concern: Concern,
    default: Option<&'static str>,
    meaning: &'static str,
) -> Setting {
    Setting { name, default, meaning, concern, state: State::Built }
}

const fn later(name: &'static str, concern: Concern, reason: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default: None, meaning, concern, state: State::Later(reason) }
}

const fn partly(
    name: &'static str,
    concern: Concern,
    (default, now, later): (&'static str, &'static [&'static str], Later),
    reason: &'static str,
    meaning: &'static str,
) -> Setting {
    let state = State::Partly { now, later, reason };
    Setting { name, default: Some(default), meaning, concern, state }
}

/// Every setting that the worker knows by name. `WEBSITE_AUTH_ENABLED` is no setting: the platform sets it.
pub const SETTINGS: &[Setting] = &[
    built(
        "FUNCTIONS_CUSTOMHANDLER_PORT",
        Concern::Every,
        None,
        "the port to listen on; the Functions host sets it",
    ),
    built(
        "ORDERS_DATABASE_URL",
        Concern::Every,
        Some("sqlite://.local/orders.db"),
        "where orders are kept: sqlite:// or postgres://; the default holds on a developer's machine only",
    ),
    built("ORDERS_DATABASE_POOL", Concern::Every, Some("4"), "connections per process"),
    built(
        "ORDERS_DATABASE_IDENTITY",
        Concern::Every,
        Some("password"),
        "how the worker signs in to its database: `password`, that of the URL, or `managed`, a token of the app's \
         managed identity",
    ),
    built(
        "ORDERS_IDENTITY",
        Concern::Http,
        Some("easyauth+jwt"),
        "what says who a caller is: `easyauth` the platform's header, `jwt` the token, or both, which must agree",
    ),
    built(
        "ORDERS_ENTRA_TENANT_ID",
        Concern::People,
        None,
        "the only tenant whose people and programs are let in, and whose people a queued order may name",
    ),
    built(
        "ORDERS_ENTRA_AUDIENCE",
        Concern::Http,
        None,
        "the audience of tokens: the client id of the API's app registration; required where tokens are checked",
    ),
    built(
        "ORDERS_ENTRA_ALLOWED_CLIENTS",
        Concern::Http,
        None,
        "client ids, with commas between, that may call on a user's behalf; any when local, required else",
    ),
    built(
        "ORDERS_REQUIRED_SCOPE",
        Concern::Http,
        Some("Orders.ReadWrite"),
        "the scope that a user's token must carry",
    ),
    built(
        "ORDERS_ENTRA_AUTHORITY",
        Concern::Http,
        None,
        "another issuer of tokens than Entra; plain http for one on a developer's own machine only",
    ),
    later("ORDERS_FULFILMENT_URL", Concern::Fulfilment, BACKEND, "the fulfilment backend"),
    later(
        "ORDERS_FULFILMENT_CLIENT_CERTIFICATE",
        Concern::Fulfilment,
        BACKEND,
        "the certificate that the backend knows the worker by",
    ),
    later("ORDERS_FULFILMENT_CA", Concern::Fulfilment, BACKEND, "the authority of the backend's certificate"),
    partly(
        "ORDERS_CLIENT_CERTIFICATE_MODE",
        Concern::Http,
        ("off", &["off"], Later::These(&["required"])),
        "asks for client certificates, which this version does not check; remove it or set it to `off`",
        "whether callers need a certificate",
    ),
    later(
        "ORDERS_CLIENT_CERTIFICATE_CA",
        Concern::Http,
        CERTIFICATES,
        "the authority of callers' certificates",
    ),
    later(
        "ORDERS_CLIENT_CERTIFICATE_ALLOWED",
        Concern::Http,
        CERTIFICATES,
        "which certificate belongs to which client",
    ),
    built(
        "ORDERS_RATE_LIMIT",
        Concern::Http,
        Some("20/s burst 40"),
        "how often one caller may call one process; or `off`",
    ),
    built(
        "ORDERS_OUTBOX_DEADLINE",
        Concern::Every,
        Some("2m"),
        "how long a message may stay unacknowledged before it is sent again",
    ),
    built(
        "ORDERS_API_DESCRIPTION",
        Concern::Description,
        Some("on"),
        "whether callers may read what the HTTP functions take and give: on or off",
    ),
    built(
        "KeyVaultUrl",
        Concern::Vault,
        None,
        "the vault that secrets are looked up in: https://<name>.vault.azure.net",
    ),
    built("SecretName", Concern::Secrets, None, "the secret that is looked up when none is named"),
    built(
        "AZURE_CLIENT_ID",
        Concern::Every,
        None,
        "the user-assigned identity that signs in to vault and database; the system-assigned one without it",
    ),
    built("ORDERS_LOG", Concern::Every, Some("info"), "which log lines are written"),
];

/// The setting of this name.
pub(super) fn named(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
