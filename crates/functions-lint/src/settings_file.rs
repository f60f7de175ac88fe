//! App settings in a file: as `az functionapp config appsettings list` prints them, or local.settings.json.

use std::path::Path;

use serde_json::Value;

use crate::{
    json::{self, Document},
    local_settings::LocalSettings,
};

/// Settings that somebody wrote, in the sequence of the file.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    /// Where they hold.
    pub source: SettingsSource,
    /// Name and value; a setting whose value is null is none.
    pub settings: Vec<(String, String)>,
}

/// The environment that the settings of a file are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SettingsSource {
    /// On a developer's machine: the file was local.settings.json.
    LocalSettings,
    /// In a Function App: the file was what the Azure CLI printed of one.
    Azure,
}

/// A file holds no settings. Repeats no value of it.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFileError {
    /// It cannot be read, or is no JSON; the text says where.
    #[error("{0}; correct the file, or name another one")]
    Unreadable(String),
    /// It has neither of the two forms.
    #[error(
        "the file contains no settings: use the output of `az functionapp config appsettings list`, or a \
         local.settings.json with \"Values\""
    )]
    Form,
    /// Core Tools would refuse the file.
    #[error("the settings cannot be used: {0}")]
    Refused(String),
}

impl SettingsFile {
    /// Reads a file of either form: a list of `{"name", "value", …}`, or what Core Tools read.
    ///
    /// # Errors
    /// [`SettingsFileError`].
    pub fn read(path: &Path) -> Result<Self, SettingsFileError> {
        let document = Document::read(path, "the file of settings").map_err(SettingsFileError::Unreadable)?;
        match document.value() {
            Value::Array(items) => Self::of_list(&items).ok_or(SettingsFileError::Form),
            Value::Object(members)
                if members.contains_key("Values") || members.contains_key("IsEncrypted") =>
            {
                let local = LocalSettings::parse(&document).map_err(SettingsFileError::Refused)?;
                Ok(Self { source: SettingsSource::LocalSettings, settings: local.values })
            }
            _ => Err(SettingsFileError::Form),
        }
    }

    fn of_list(items: &[Value]) -> Option<Self> {
        let mut settings = Vec::new();
        for item in items {
            let (name, value) = (item.get("name")?.as_str()?, item.get("value")?);
            if !value.is_null() {
                let text = value.as_str().map(str::to_owned).or_else(|| json::text(value))?;
                settings.push((name.to_owned(), text));
            }
        }
        Some(Self { source: SettingsSource::Azure, settings })
    }
}
