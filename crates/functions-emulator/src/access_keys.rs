//! Function, host and master keys.

// The host: docs/reference/host-protocol.md#authorization.

use std::{collections::HashMap, fmt, fs, path::Path};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use functions_lint::json::Document;
use http::{HeaderMap, Request, Uri};
use serde::Deserialize;

use crate::{app::AuthLevel, query::Query};

/// The keys of an app.
#[derive(Clone, Default)]
pub struct AccessKeys {
    /// The master key: opens everything.
    pub master: String,
    /// Host keys: open every function that demands a function key.
    pub host: Vec<AccessKey>,
    /// Function keys by function name: open that function.
    pub functions: HashMap<String, Vec<AccessKey>>,
}

/// A key and its name, which the worker sees in `Identities`.
#[derive(Clone)]
pub struct AccessKey {
    /// Its name; `default` for the one that the platform makes.
    pub name: String,
    /// The secret.
    pub value: String,
}

/// What a key that a caller presented gives access to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct MatchedKey {
    pub(crate) admin: bool,
    pub(crate) name: String,
}

/// A file of keys that cannot be used: one sentence, which repeats no key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AccessKeysError(String);

/// The access keys of an app for functions-emulator, which `authLevel` then demands.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "Keys file of functions-emulator"))]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysFile {
    /// The JSON Schema of this file, for editors. The emulator does not read it.
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    /// The master key. It opens every function and `/admin`.
    master: String,
    /// Host keys by name. Each opens every function whose `authLevel` is `function`.
    #[serde(default)]
    host: HashMap<String, String>,
    /// Function keys: the function, then the key's name. Each opens that function.
    #[serde(default)]
    functions: HashMap<String, HashMap<String, String>>,
}

/// What keys look like; an error shows this in place of what was read.
pub(crate) const KEYS_FORM: &str =
    r#"{"master": "…", "host": {"<name>": "…"}, "functions": {"<Function>": {"<name>": "…"}}}"#;

impl From<KeysFile> for AccessKeys {
    fn from(file: KeysFile) -> Self {
        let keys = |keys: HashMap<String, String>| {
            keys.into_iter().map(|(name, value)| AccessKey { name, value }).collect::<Vec<_>>()
        };
        Self {
            master: file.master,
            host: keys(file.host),
            functions: file.functions.into_iter().map(|(function, own)| (function, keys(own))).collect(),
        }
    }
}

impl AccessKeys {
    /// Reads `{"master": "…", "host": {"<name>": "…"}, "functions": {"<Function>": {"<name>": "…"}}}`; only the
    /// master key has to be there.
    ///
    /// # Errors
    /// A file that cannot be read or is of another form.
    pub fn load(path: &Path) -> Result<Self, AccessKeysError> {
        let fault = |what: String| AccessKeysError(format!("{}: {what}", path.display()));
        let bytes = fs::read(path).map_err(|error| fault(error.to_string()))?;
        let read = Document::parse_bytes(&bytes).and_then(|document| document.to::<KeysFile>());
        // The text may contain a key, so the error names only the position.
        let file = read.map_err(|error| fault(format!("{} is wrong; write {KEYS_FORM}", error.position)))?;
        Ok(file.into())
    }

    /// Whether a presented key is the master key.
    pub(crate) fn is_master(&self, presented: &str) -> bool {
        self.find("", presented).is_some_and(|matched| matched.admin)
    }

    /// A name for each key, by which [`Self::value`] finds it: `master`, `host/default`, `function/Name/default`.
    pub(crate) fn names(&self) -> Vec<String> {
        self.named().map(|(name, _)| name).collect()
    }

    /// The value of the key with a name that [`Self::names`] returns.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.named().find_map(|(known, value)| (known == name).then_some(value))
    }

    fn named(&self) -> impl Iterator<Item = (String, &str)> {
        let master = Some(("master".to_owned(), self.master.as_str())).filter(|(_, key)| !key.is_empty());
        let host = self.host.iter().map(|key| (format!("host/{}", key.name), key.value.as_str()));
        let own = self.functions.iter().flat_map(|(function, keys)| {
            keys.iter().map(move |key| (format!("function/{function}/{}", key.name), key.value.as_str()))
        });
        master.into_iter().chain(host).chain(own)
    }

    /// Looks a presented key up. The comparison takes as long for a wrong key as for a right one of its length.
    pub(crate) fn find(&self, function: &str, presented: &str) -> Option<MatchedKey> {
        let same = |key: &str| {
            !key.is_empty() && verify_slices_are_equal(key.as_bytes(), presented.as_bytes()).is_ok()
        };
        if same(&self.master) {
            return Some(MatchedKey { admin: true, name: "master".to_owned() });
        }
        let own = self.functions.iter().filter(|(name, _)| name.eq_ignore_ascii_case(function));
        let key = own.flat_map(|(_, keys)| keys).chain(&self.host).find(|key| same(&key.value))?;
        Some(MatchedKey { admin: false, name: key.name.clone() })
    }
}

/// The key that a caller shows: in the header, else in the query.
pub(crate) fn from_request<B>(request: &Request<B>) -> Option<String> {
    from_parts(request.headers(), request.uri())
}

/// As [`from_request`], of a request's parts.
pub(crate) fn from_parts(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let in_header = headers.get("x-functions-key").and_then(|value| value.to_str().ok());
    in_header.map(str::to_owned).or_else(|| Query::parse(uri.query()?).get("code"))
}

/// Whether what was matched is enough for a function.
pub(crate) fn is_sufficient(level: AuthLevel, matched: Option<&MatchedKey>) -> bool {
    match level {
        AuthLevel::Anonymous | AuthLevel::User => true,
        AuthLevel::Function => matched.is_some(),
        AuthLevel::System | AuthLevel::Admin => matched.is_some_and(|matched| matched.admin),
    }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKeys")
            .field("host", &self.host)
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> AccessKeys {
        let key = |name: &str, value: &str| AccessKey { name: name.to_owned(), value: value.to_owned() };
        AccessKeys {
            master: "m".to_owned(),
            host: vec![key("default", "h")],
            functions: HashMap::from([("one".to_owned(), vec![key("own", "f")])]),
        }
    }

    #[test]
    fn a_function_key_opens_its_function_alone() {
        assert_eq!(keys().find("ONE", "f"), Some(MatchedKey { admin: false, name: "own".to_owned() }));
        assert_eq!(keys().find("two", "f"), None);
        assert!(keys().find("two", "h").is_some());
    }

    #[test]
    fn only_the_master_key_opens_an_admin_function() {
        assert!(!is_sufficient(AuthLevel::Admin, keys().find("one", "h").as_ref()));
        assert!(is_sufficient(AuthLevel::Admin, keys().find("one", "m").as_ref()));
    }

    #[test]
    fn an_invalid_keys_file_is_reported_by_position() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        fs::write(&file, "{\n // mine\n 'master': 'm', host: {default: 'h',},\n}").unwrap();
        assert!(AccessKeys::load(&file).unwrap().find("one", "h").is_some());
        fs::write(&file, "{\n \"master\": \"m\",\n \"host\": \"secret\"\n}").unwrap();
        let refusal = AccessKeys::load(&file).unwrap_err().to_string();
        assert!(refusal.contains("line 3, column 10") && !refusal.contains("secret"), "{refusal}");
    }

    #[test]
    fn an_app_without_a_master_key_is_not_opened_by_an_empty_one() {
        assert_eq!(AccessKeys::default().find("one", ""), None);
    }
}
