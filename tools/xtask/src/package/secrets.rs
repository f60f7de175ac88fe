//! What looks like a secret and must not travel in a package.

use std::sync::LazyLock;

use regex::bytes::Regex;
use serde_json::Value;

/// What each form is called, and how it looks. A form has to be long enough that the names, formats and markers of a
/// program that handles secrets are none.
const FORMS: [(&str, &str); 8] = [
    ("a private key", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64,}"),
    ("a signed token", r"eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("an account key", r"(?i)(AccountKey|SharedAccessKey|SharedSecretValue)=[A-Za-z0-9+/]{40,}={0,2}"),
    ("a shared access signature", r"[?&]sig=[A-Za-z0-9%+/]{40,}"),
    ("a storage key", r"[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{6}=="),
    ("a function key", r"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5,}=?"),
    ("a client secret of Entra", r"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}"),
    (
        "a password in a URL",
        r"[a-z][a-z0-9+.-]{2,12}://[A-Za-z0-9_.%-]{1,64}:[A-Za-z0-9_.~%!$*+-]{6,}@[A-Za-z0-9.-]+[:/]",
    ),
];

/// Names of JSON properties whose text is a secret, however it looks.
const NAMES: &str =
    r"(?i)(password|pwd|secret|accountkey|accesskey|apikey|connectionstring|credential|token)";

static KNOWN: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| FORMS.iter().map(|&(name, form)| (name, regex(form))).collect());
static NAMED: LazyLock<Regex> = LazyLock::new(|| regex(NAMES));

fn regex(form: &str) -> Regex {
    Regex::new(form).expect("the forms above are regular expressions, which the tests show")
}

/// What looks like a secret in a file, in words that do not repeat it.
pub(super) fn faults(path: &str, bytes: &[u8]) -> Vec<String> {
    let known = KNOWN.iter().filter(|(_, form)| form.is_match(bytes));
    let mut faults: Vec<String> =
        known.map(|(name, _)| format!("{path} holds what looks like {name}: take it out")).collect();
    if let Ok(json) = serde_json::from_slice(bytes) {
        named(path, &json, &mut faults);
    }
    faults
}

fn named(path: &str, json: &Value, faults: &mut Vec<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| named(path, item, faults)),
        Value::Object(properties) => {
            for (name, value) in properties {
                if NAMED.is_match(name.as_bytes()) && value.as_str().is_some_and(|text| !text.is_empty()) {
                    faults.push(format!("{path} gives `{name}` a value, which may be a secret: take it out"));
                }
                named(path, value, faults);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_secret_is_found_without_printing_it() {
        let long = |length| "aB3".repeat(length);
        let secrets = [
            format!("-----BEGIN PRIVATE KEY-----\n{}", long(30)),
            format!("eyJ{0}.eyJ{0}.{0}", long(8)),
            format!("AccountKey={}==", long(20)),
            format!("https://x.example/y?sv=1&sig={}", long(20)),
            format!("{}a+ASt{}==", long(25), long(2)),
            format!("{}aaAzFu{}=", long(14), long(3)),
            format!("aB38Q~{}a", long(10)),
            "postgres://orders:correct-horse@db.example:5432/orders".to_owned(),
            r#"{"extensions": [{"connectionString": "x"}]}"#.to_owned(),
        ];
        for secret in secrets {
            let faults = faults("host.json", format!("  {secret}").as_bytes());
            assert_eq!(faults.len(), 1, "{secret}: {faults:?}");
            assert!(!faults[0].contains(&secret), "{faults:?}");
        }
    }

    #[test]
    fn mentions_of_secrets_are_no_secrets() {
        for text in [
            "-----BEGIN PRIVATE KEY-----",
            "AccountKey=<key>;",
            "postgres://{user}:{password}@{host}",
            "postgres://role@db.example:5432/orders?sslmode=verify-full",
            r#"{"secretName": "", "authLevel": "function"}"#,
        ] {
            assert!(faults("x", text.as_bytes()).is_empty(), "{text}");
        }
    }
}
