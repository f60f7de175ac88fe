//! The errors that stop the start. Each says what to do and never repeats a value.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde_json::Value;
use strsim::levenshtein;

use super::settings::{SETTING_PREFIX, SETTINGS, find_ignoring_case};
use crate::{
    clock::Clock,
    telemetry::{self, event::SETTING_INVALID},
};

/// What is wrong with one setting.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    setting: String,
    message: String,
}

impl ConfigError {
    pub(super) fn new(setting: &str, message: String) -> Self {
        Self { setting: setting.to_owned(), message }
    }

    /// The error for a variable whose name looks like a setting but is not one.
    pub(super) fn unknown(name: &str) -> Self {
        let known = find_ignoring_case(name).map(|setting| setting.name).or_else(|| closest_name(name));
        let remedy =
            known.map_or("remove it".to_owned(), |known| format!("rename it to {known}, or remove it"));
        Self::new(&name.escape_debug().to_string(), format!("is not a setting of the worker: {remedy}"))
    }

    /// The name of the setting, safe to print.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// What is wrong and what to do, following on the name; one line, without the setting's value.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Everything that stops the start. The text of an error is one line.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("orders-worker does not start: {}", self.joined())]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    pub(super) fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by(|one, other| one.setting.cmp(&other.setting));
        Self(errors)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn joined(&self) -> String {
        self.0
            .iter()
            .map(|error| format!("{} {}", error.setting, error.message))
            .collect::<Vec<_>>()
            .join(" | ")
    }

    /// The errors, by name of setting.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    /// Tells the operator: each error as a log line on stdout, all of them as the last line of stderr, whose end
    /// the Functions host shows. The process then exits with 2.
    pub fn report(&self, clock: Clock) {
        // A start that is refused is refused, whether or not anybody listens.
        let _unheard = self.write(&mut io::stdout().lock(), &mut io::stderr().lock(), clock.now());
    }

    pub(super) fn write(
        &self,
        out: &mut impl Write,
        err: &mut impl Write,
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let mut lines = Vec::new();
        for error in &self.0 {
            let message = format!("{} {}", error.setting, error.message);
            let fields = [("event", SETTING_INVALID), ("setting", &error.setting)];
            let fields = fields.map(|(name, text)| (name, Value::from(text)));
            lines.extend(telemetry::line(now, tracing::Level::ERROR, &message, &fields));
        }
        // A reader of only one of the two still learns everything.
        let logged = out.write_all(&lines).and_then(|()| out.flush());
        writeln!(err, "{self}").and(logged)
    }
}

/// The setting whose name needs the fewest changes to become this one, if it needs few.
fn closest_name(name: &str) -> Option<&'static str> {
    let name = &name.to_ascii_uppercase();
    let few = (name.len().saturating_sub(SETTING_PREFIX.len()) / 2).clamp(1, 3);
    let changes =
        SETTINGS.iter().map(|setting| (levenshtein(name, &setting.name.to_ascii_uppercase()), setting.name));
    changes.filter(|(count, _)| *count <= few).min().map(|(_, known)| known)
}
