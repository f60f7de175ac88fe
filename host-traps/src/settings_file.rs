//! App settings in a file: as `az functionapp config appsettings list` prints them, or local.settings.json.

use std::{fs, io, path::Path};

use serde_json::Value;

/// Settings that somebody wrote, in the sequence of the file.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    /// Where they hold.
    pub written: Written,
    /// Name and value; a setting whose value is null is none.
    pub settings: Vec<(String, String)>,
}

/// Where the settings of a file hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Written {
    /// On a developer's machine: the file was local.settings.json.
    Here,
    /// In a Function App: the file was what the Azure CLI printed of one.
    InAzure,
}

/// A file holds no settings. Repeats nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFileError {
    /// It cannot be read.
    #[error("the file of settings cannot be read: name one that is there")]
    Unreadable(#[source] io::Error),
    /// It has neither of the two forms.
    #[error(
        "the file holds no settings: hand over what `az functionapp config appsettings list` printed, or a \
         local.settings.json with \"Values\""
    )]
    Form,
    /// Core Tools have encrypted it.
    #[error("the settings are encrypted: run `func settings decrypt` first")]
    Encrypted,
}

impl SettingsFile {
    /// Reads a file of either form: a list of `{"name", "value", …}`, or an object with `Values`.
    ///
    /// # Errors
    /// [`SettingsFileError`].
    pub fn read(path: &Path) -> Result<Self, SettingsFileError> {
        let text = fs::read_to_string(path).map_err(SettingsFileError::Unreadable)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, SettingsFileError> {
        let text = text.trim_start_matches('\u{feff}');
        let value: Value = serde_json::from_str(text).map_err(|_| SettingsFileError::Form)?;
        if value.get("IsEncrypted") == Some(&Value::Bool(true)) {
            return Err(SettingsFileError::Encrypted);
        }
        let (written, pairs): (_, Vec<Option<(&str, &Value)>>) = match (&value, value.get("Values")) {
            (Value::Array(items), _) => (Written::InAzure, items.iter().map(listed).collect()),
            (_, Some(Value::Object(values))) => {
                (Written::Here, values.iter().map(|(name, value)| Some((name.as_str(), value))).collect())
            }
            _ => return Err(SettingsFileError::Form),
        };
        let pairs: Vec<_> = pairs.into_iter().collect::<Option<_>>().ok_or(SettingsFileError::Form)?;
        let set = pairs.into_iter().filter(|(_, value)| !value.is_null());
        let settings = set.map(|(name, value)| Some((name.to_owned(), scalar(value)?)));
        let settings = settings.collect::<Option<_>>().ok_or(SettingsFileError::Form)?;
        Ok(Self { written, settings })
    }
}

fn listed(item: &Value) -> Option<(&str, &Value)> {
    Some((item.get("name")?.as_str()?, item.get("value")?))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
