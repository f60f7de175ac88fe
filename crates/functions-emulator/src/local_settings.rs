//! local.settings.json of an app folder: what holds on a developer's machine alone.

// The host: docs/reference/host-protocol.md#environment.

use std::{collections::BTreeSet, env, path::Path};

use functions_lint::{
    Settings,
    cors::Cors,
    json_file,
    local_settings::{self, LOCAL_SETTINGS_FILE},
};

/// What the file says; nothing where there is none.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings(local_settings::LocalSettings);

/// Where a variable of the worker's environment comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// The environment of the emulator itself.
    Shell,
    /// The file of this module.
    LocalSettings,
    /// [`Options::settings`](crate::Options::settings).
    Options,
    /// Set where nothing else sets it.
    Default,
    /// Set by the host, whatever else is set.
    Host,
}

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
        self.layered(own).into_iter().map(|(setting, _)| setting).collect()
    }

    /// As [`Self::with_overrides`], each with where it comes from.
    pub(crate) fn layered(&self, own: &[(String, String)]) -> Vec<((String, String), Origin)> {
        let below = self.0.values.iter().filter(|(name, _)| !is_hidden(name)).cloned();
        let mut all: Vec<_> = below.map(|setting| (setting, Origin::LocalSettings)).collect();
        all.extend(own.iter().cloned().map(|setting| (setting, Origin::Options)));
        let settings: Vec<_> = all.iter().map(|(setting, _)| setting.clone()).collect();
        if Settings::without_environment(settings).is_mcp_preview() {
            all.push((("FUNCTIONS_WORKER_RUNTIME".to_owned(), "custom".to_owned()), Origin::Host));
        }
        all
    }

    /// The names of the file's settings that have no effect, because the shell sets them.
    pub(crate) fn hidden(&self) -> BTreeSet<String> {
        self.0.values.iter().map(|(name, _)| name).filter(|name| is_hidden(name)).cloned().collect()
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

/// Whether the shell sets a name, so that a setting of the file has no effect.
fn is_hidden(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}
