//! local.settings.json of an app folder: what holds on a developer's machine alone.

// The host: docs/reference/host-protocol.md#environment.

use std::{env, path::Path};

use functions_lint::{
    Settings,
    cors::Cors,
    json_file,
    local_settings::{self, LOCAL_SETTINGS_FILE},
};

/// What the file says; nothing where there is none.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings(local_settings::LocalSettings);

impl LocalSettings {
    /// Reads the file in an app folder.
    ///
    /// # Errors
    /// One sentence with the line: it is no JSON, of another form, or encrypted; or ASP.NET would refuse its CORS.
    pub fn read(app_root: &Path) -> Result<Self, String> {
        let path = app_root.join(LOCAL_SETTINGS_FILE);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let named = |what: String| format!("{LOCAL_SETTINGS_FILE}: {what}");
        let read =
            local_settings::LocalSettings::parse(&json_file::read_document(&path, LOCAL_SETTINGS_FILE)?)
                .map_err(named)?;
        match read.cors.as_ref().and_then(Cors::startup_error) {
            Some(refusal) => Err(named(refusal.to_owned())),
            None => Ok(Self(read)),
        }
    }

    /// The settings of the app: those of this file that the shell does not set, overridden by `own`.
    #[must_use]
    pub fn with_overrides(&self, own: &[(String, String)]) -> Vec<(String, String)> {
        let free = |name: &str| env::var_os(name).is_none_or(|value| value.is_empty());
        let below = self.0.values.iter().filter(|(name, _)| free(name)).cloned();
        let mut all: Vec<_> = below.chain(own.iter().cloned()).collect();
        if Settings::without_environment(all.clone()).is_mcp_preview() {
            all.push(("FUNCTIONS_WORKER_RUNTIME".to_owned(), "custom".to_owned()));
        }
        all
    }

    /// Which pages of other origins may call.
    #[must_use]
    pub fn cors(&self) -> Option<&Cors> {
        self.0.cors.as_ref()
    }

    /// The port to listen on, if the file names one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.port
    }

    /// What stands in the file and has no effect.
    pub(crate) fn notes(&self) -> Vec<String> {
        let origins = self.0.cors.iter().flat_map(Cors::unmatchable_origins);
        let origins = origins.map(|(origin, why)| {
            format!("{LOCAL_SETTINGS_FILE}: the entry \"{origin}\" of Host.CORS allows no origin: {why}")
        });
        self.0.ignored.iter().map(|what| format!("{LOCAL_SETTINGS_FILE}: {what}")).chain(origins).collect()
    }
}
