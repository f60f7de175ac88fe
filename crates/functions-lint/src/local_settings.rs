//! local.settings.json, as Core Tools read it: `AppSettingsFile.cs` and `HostStartSettings.cs` in
//! Azure/azure-functions-core-tools.

use serde_json::{Map, Value};

use crate::{
    cors::Cors,
    json::{self, Document},
};

/// The file's name in an app folder.
pub const LOCAL_SETTINGS_FILE: &str = "local.settings.json";

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct LocalSettings {
    /// `Values`, and each of `ConnectionStrings` as `ConnectionStrings:<name>`; null values are none.
    pub values: Vec<(String, String)>,
    /// `Host.CORS` and `Host.CORSCredentials`; none without an origin.
    pub cors: Option<Cors>,
    /// `Host.LocalHttpPort`; 0 for any free one.
    pub port: Option<u16>,
    /// What stands in the file and does nothing, one sentence each.
    pub ignored: Vec<String>,
}

/// The members that Core Tools read, in the only spelling that they accept.
const SECTIONS: [&str; 4] = ["IsEncrypted", "Values", "ConnectionStrings", "Host"];

impl LocalSettings {
    /// Reads the file's text. Members of the file itself are found as they are spelled, those of `Host` ignoring case.
    ///
    /// # Errors
    /// One sentence without a value of the file: it is of another form, or encrypted.
    pub fn parse(document: &Document) -> Result<Self, String> {
        let file = document.value();
        let faults = Faults(document);
        let values = values(&section(&file, "Values", &faults)?, &faults)?;
        let connections = connections(&section(&file, "ConnectionStrings", &faults)?, &faults)?;
        if is_encrypted(&file, &faults)?
            && values.iter().chain(&connections).any(|(_, value)| !value.is_empty())
        {
            return Err(encrypted(&file));
        }
        let host = section(&file, "Host", &faults)?;
        let credentials =
            host_member(&host, "CORSCredentials").map(|value| faults.flag("Host.CORSCredentials", value));
        let origins = host_member(&host, "CORS").map(|value| faults.text("Host.CORS", value));
        let port = host_member(&host, "LocalHttpPort").map(|value| faults.port(value));
        Ok(Self {
            values: values.into_iter().chain(connections).collect(),
            cors: Cors::parse(
                &origins.transpose()?.unwrap_or_default(),
                credentials.transpose()?.unwrap_or_default(),
            ),
            port: port.transpose()?,
            ignored: misspelt(&file),
        })
    }
}

/// A section; null counts as absent.
fn section(file: &Value, name: &str, faults: &Faults<'_>) -> Result<Map<String, Value>, String> {
    match file.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members.clone()),
        Some(_) => Err(faults.at(&[name], &format!("{name} must be an object of names and texts"))),
    }
}

fn host_member<'a>(host: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    host.iter().rfind(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn values(section: &Map<String, Value>, faults: &Faults<'_>) -> Result<Vec<(String, String)>, String> {
    let set = section.iter().filter(|(name, value)| !value.is_null() && !name.is_empty());
    let texts = set.map(|(name, value)| {
        let text = json::text(value).ok_or_else(|| {
            let what = format!("{name} must be a text, for it becomes an environment variable");
            faults.at(&["Values", name], &what)
        })?;
        Ok((name.clone(), text))
    });
    texts.collect()
}

/// The connection strings: texts, and the objects that `func settings add-connection-string` writes.
fn connections(section: &Map<String, Value>, faults: &Faults<'_>) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for (name, value) in section {
        let text = match value {
            Value::String(text) => Some(text.clone()),
            Value::Object(members) => members.get("ConnectionString").and_then(json::text),
            _ => {
                let what = format!(
                    "{name} must be a text, or an object with \"ConnectionString\" and \"ProviderName\" as \
                     `func settings add-connection-string` writes it"
                );
                return Err(faults.at(&["ConnectionStrings", name], &what));
            }
        };
        found.extend(text.map(|text| (format!("ConnectionStrings:{name}"), text)));
    }
    Ok(found)
}

/// `IsEncrypted` of the file; true if the file does not have it.
fn is_encrypted(file: &Value, faults: &Faults<'_>) -> Result<bool, String> {
    file.get("IsEncrypted")
        .filter(|value| !value.is_null())
        .map_or(Ok(true), |value| faults.flag("IsEncrypted", value))
}

fn encrypted(file: &Value) -> String {
    if file.get("IsEncrypted").is_some_and(|value| !value.is_null()) {
        return "it is encrypted (IsEncrypted); run `func settings decrypt` first".to_owned();
    }
    "\"IsEncrypted\" is missing, so Core Tools take the settings for encrypted and end with \"Failed to decrypt \
     settings\"; write \"IsEncrypted\": false"
        .to_owned()
}

/// Members that differ in case alone from those that are read.
fn misspelt(file: &Value) -> Vec<String> {
    let names = file.as_object().into_iter().flat_map(Map::keys);
    let alike = names.filter_map(|name| {
        let known = SECTIONS.into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
        (known != name).then(|| format!("{name} does nothing: Core Tools read it spelled {known}"))
    });
    alike.collect()
}

/// Makes error sentences that name the place of the error.
struct Faults<'a>(&'a Document);

impl Faults<'_> {
    fn at(&self, path: &[&str], what: &str) -> String {
        self.0.position(path).map_or_else(|| what.to_owned(), |position| format!("{position}: {what}"))
    }

    fn text(&self, name: &str, value: &Value) -> Result<String, String> {
        let path: Vec<&str> = name.split('.').collect();
        json::text(value).ok_or_else(|| self.at(&path, &format!("{name} must be a text")))
    }

    fn flag(&self, name: &str, value: &Value) -> Result<bool, String> {
        let path: Vec<&str> = name.split('.').collect();
        let fault = || self.at(&path, &format!("{name} must be true or false"));
        match value {
            Value::Bool(flag) => Ok(*flag),
            Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
            Value::String(text) => crate::values::parse_flag(text).ok_or_else(fault),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(fault()),
        }
    }

    fn port(&self, value: &Value) -> Result<u16, String> {
        let number = json::text(value).and_then(|text| text.trim().parse().ok());
        number.ok_or_else(|| {
            self.at(&["Host", "LocalHttpPort"], "Host.LocalHttpPort must be a whole number up to 65535")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LocalSettings, String> {
        LocalSettings::parse(&Document::parse(text).unwrap())
    }

    fn value(text: &str, name: &str) -> Option<String> {
        read(text).unwrap().values.into_iter().rfind(|(known, _)| known == name).map(|(_, value)| value)
    }

    #[test]
    fn scalars_of_any_kind_are_converted() {
        for flag in ["\"false\"", "\" False \"", "0", "false"] {
            let text = format!(
                "{{\"IsEncrypted\": {flag}, \"Values\": {{\"A\": 5, \"B\": true, \"C\": 1.50, \"D\": null}}}}"
            );
            assert_eq!(value(&text, "A").as_deref(), Some("5"), "{flag}");
            assert_eq!(value(&text, "B").as_deref(), Some("True"));
            assert_eq!(value(&text, "C").as_deref(), Some("1.5"));
            assert_eq!(value(&text, "D"), None);
        }
        let settings =
            read("{Host: {LocalHttpPort: '7099', cors: 'http://a', CorsCredentials: 'true'}}").unwrap();
        assert_eq!(settings.port, Some(7099));
        assert!(settings.cors.is_some());
    }

    #[test]
    fn null_sections_count_as_absent() {
        let settings =
            read("{IsEncrypted: false, Values: null, ConnectionStrings: null, Host: null}").unwrap();
        assert!(settings.values.is_empty() && settings.cors.is_none() && settings.port.is_none());
    }

    #[test]
    fn connection_strings_are_texts_or_objects() {
        let text = "{IsEncrypted: false, ConnectionStrings: {a: 'one', b: {ConnectionString: 'two', ProviderName: 'x'}, c: {}}}";
        assert_eq!(value(text, "ConnectionStrings:a").as_deref(), Some("one"));
        assert_eq!(value(text, "ConnectionStrings:b").as_deref(), Some("two"));
        assert_eq!(value(text, "ConnectionStrings:c"), None);
        for wrong in ["7", "null", "[]"] {
            assert!(
                read(&format!("{{IsEncrypted: false, ConnectionStrings: {{a: {wrong}}}}}")).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn settings_without_the_flag_count_as_encrypted() {
        for text in [
            "{Values: {A: 'x'}}",
            "{isEncrypted: false, Values: {A: 'x'}}",
            "{IsEncrypted: null, ConnectionStrings: {A: 'x'}}",
        ] {
            assert!(read(text).unwrap_err().contains("IsEncrypted"), "{text}");
        }
        for text in ["{}", "{Host: {CORS: '*'}}", "{Values: {A: ''}}", "{IsEncrypted: true, Values: {}}"] {
            assert!(read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn unreadable_settings_are_reported_without_their_value() {
        let cases = [
            ("{IsEncrypted: false,\n Values: {A: {b: 'secret'}}}", "line 2, column 14: A must be a text"),
            ("{IsEncrypted: false, Values: ['secret']}", "Values must be an object"),
            ("{IsEncrypted: 'secret'}", "IsEncrypted must be true or false"),
            ("{Host: {LocalHttpPort: 'secret'}}", "LocalHttpPort must be a whole number"),
        ];
        for (text, expected) in cases {
            let refusal = read(text).unwrap_err();
            assert!(refusal.contains(expected) && !refusal.contains("secret"), "{refusal}");
        }
    }

    #[test]
    fn a_section_in_other_letters_is_known_to_do_nothing() {
        assert_eq!(read("{IsEncrypted: false, values: {A: 'x'}}").unwrap().ignored.len(), 1);
    }
}
