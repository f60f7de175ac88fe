//! The inputs for starting the worker's process.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    app::CustomHandler, clock::Clock, easyauth::EasyAuthMode, events::Events, local_settings::Origin,
};

/// Program, folder, environment, and receivers of events.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Program, arguments, time limits.
    pub(crate) handler: CustomHandler,
    /// The app root that the worker's environment names.
    pub(crate) app_root: PathBuf,
    /// Environment beside the inherited one; wins over it.
    pub(crate) settings: Vec<(String, String)>,
    /// Where each of the settings comes from.
    pub(crate) origins: Vec<Origin>,
    /// Names of local.settings.json that the shell sets otherwise.
    pub(crate) hidden_settings: BTreeSet<String>,
    /// Where it is told to export traces to.
    pub(crate) otlp_endpoint: Option<String>,
    /// Decides on `WEBSITE_AUTH_ENABLED`.
    pub(crate) easyauth: EasyAuthMode,
    /// Measures the time between two strikes.
    pub(crate) clock: Clock,
    /// Learns of starts, ends and printed lines.
    pub(crate) events: Events,
}
