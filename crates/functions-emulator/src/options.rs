//! How to run an app.

use std::{net::SocketAddr, path::PathBuf};

use crate::{
    access_keys::AccessKeys, easyauth::EasyAuthMode, events::Events, queues::Connections, users::Users,
};

/// A placeholder in the value of a setting; the emulator replaces it by its own URL, which is unknown before it
/// listens. A worker that checks tokens finds the local issuer below that URL.
pub const EMULATOR_URL: &str = "%FUNCTIONS_EMULATOR_URL%";

/// How to run an app.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with host.json and the function folders.
    pub app_root: PathBuf,
    /// Where to listen; port 0 for any free one. Loopback only.
    pub listen: SocketAddr,
    /// App settings: the worker's environment beside the inherited one, `AzureFunctionsJobHost__…` overrides of
    /// host.json among them. A value here wins over an inherited one. `FUNCTIONS_EMULATOR_QUEUE_LEASE` is the host's own:
    /// the lease of a received message as a time span, ten minutes without it. [`EMULATOR_URL`] in a value stands for the
    /// URL that callers use.
    pub settings: Vec<(String, String)>,
    /// Whether EasyAuth checks tokens and sets principal headers.
    pub easyauth: EasyAuthMode,
    /// The tenant, users and roles that can sign in; `None` for an app without sign-in.
    pub users: Option<Users>,
    /// Where the issuer's key and other state is kept between runs.
    pub state: PathBuf,
    /// Keys that HTTP functions demand; none (the default, as in Core Tools) lets every call through.
    pub keys: Option<AccessKeys>,
    /// The queues, by connection; hand in a clone to look at them from outside.
    pub queues: Connections,
    /// Where events go.
    pub events: Events,
    /// How the console at `/_emulator/` is served.
    pub console: ConsoleOptions,
}

/// Why the host did not start: one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// How the console is served.
#[derive(Clone, Debug, Default)]
pub struct ConsoleOptions {
    /// A port of its own on the loopback address, 0 for any free one: pages of the app then have another origin than
    /// the console. Without it the console is on the app's port.
    pub port: Option<u16>,
    /// Path of the app's OpenAPI document; `openapi.json` below the route prefix if not given.
    pub openapi: Option<String>,
    /// Whether the worker is told to export its traces to the console, by `OTEL_EXPORTER_OTLP_ENDPOINT` and
    /// `OTEL_EXPORTER_OTLP_PROTOCOL`. A setting or variable that begins with `OTEL_` wins: it is told nothing then.
    /// Off by default; the command `functions-emulator` switches it on.
    pub otlp: bool,
}
