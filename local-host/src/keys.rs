//! Function, host and master keys (protocol sheet §6).

use std::{collections::HashMap, fmt};

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::app::AuthLevel;

/// The keys of an app.
#[derive(Clone, Default)]
pub struct Keys {
    /// The master key: opens everything.
    pub master: String,
    /// Host keys: open every function that demands a function key.
    pub host: Vec<Key>,
    /// Function keys by function name: open that function.
    pub functions: HashMap<String, Vec<Key>>,
}

/// A key and its name, which the worker sees in `Identities`.
#[derive(Clone)]
pub struct Key {
    /// Its name; `default` for the one that the platform makes.
    pub name: String,
    /// The secret.
    pub value: String,
}

/// What a presented key opens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Opened {
    pub(crate) admin: bool,
    pub(crate) name: String,
}

impl Keys {
    /// A name for each key, by which [`Self::value`] finds it: `master`, `host/default`, `function/Name/default`.
    pub(crate) fn names(&self) -> Vec<String> {
        self.named().map(|(name, _)| name).collect()
    }

    /// The key of such a name.
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
    pub(crate) fn open(&self, function: &str, presented: &str) -> Option<Opened> {
        let same = |key: &str| {
            !key.is_empty() && verify_slices_are_equal(key.as_bytes(), presented.as_bytes()).is_ok()
        };
        if same(&self.master) {
            return Some(Opened { admin: true, name: "master".to_owned() });
        }
        let own = self.functions.iter().filter(|(name, _)| name.eq_ignore_ascii_case(function));
        let key = own.flat_map(|(_, keys)| keys).chain(&self.host).find(|key| same(&key.value))?;
        Some(Opened { admin: false, name: key.name.clone() })
    }
}

/// Whether what was opened is enough for a function.
pub(crate) fn suffices(level: AuthLevel, opened: Option<&Opened>) -> bool {
    match level {
        AuthLevel::Anonymous => true,
        AuthLevel::Function => opened.is_some(),
        AuthLevel::Admin => opened.is_some_and(|opened| opened.admin),
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("host", &self.host)
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let key = |name: &str, value: &str| Key { name: name.to_owned(), value: value.to_owned() };
        Keys {
            master: "m".to_owned(),
            host: vec![key("default", "h")],
            functions: HashMap::from([("one".to_owned(), vec![key("own", "f")])]),
        }
    }

    #[test]
    fn a_function_key_opens_its_function_alone() {
        assert_eq!(keys().open("ONE", "f"), Some(Opened { admin: false, name: "own".to_owned() }));
        assert_eq!(keys().open("two", "f"), None);
        assert!(keys().open("two", "h").is_some());
    }

    #[test]
    fn only_the_master_key_opens_an_admin_function() {
        assert!(!suffices(AuthLevel::Admin, keys().open("one", "h").as_ref()));
        assert!(suffices(AuthLevel::Admin, keys().open("one", "m").as_ref()));
    }

    #[test]
    fn an_app_without_a_master_key_is_not_opened_by_an_empty_one() {
        assert_eq!(Keys::default().open("one", ""), None);
    }
}
