//! The example of local settings, held against the table.

use serde_json::Value;
use uuid::Uuid;

use super::*;

fn example() -> Value {
    serde_json::from_str(include_str!("../../../local.settings.json.example")).unwrap()
}

/// Settings that are those of `cargo xtask issuer`, not the defaults: Core Tools have no EasyAuth.
const OF_THE_LOCAL_ISSUER: [&str; 4] =
    ["ORDERS_IDENTITY", "ORDERS_ENTRA_TENANT_ID", "ORDERS_ENTRA_AUDIENCE", "ORDERS_ENTRA_AUTHORITY"];

fn values() -> Vec<(String, String)> {
    let example = example();
    let values = example["Values"].as_object().unwrap();
    values.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

#[test]
fn the_example_mentions_every_setting_once_and_no_other() {
    let example = example();
    let unset = example["//"].as_object().unwrap();
    let set = values();
    for setting in SETTINGS {
        let mentions = set.iter().filter(|(name, _)| name == setting.name).count();
        assert_eq!(mentions + usize::from(unset.contains_key(setting.name)), 1, "{}", setting.name);
    }
    for name in ["AzureWebJobsStorage", "WorkQueues", "FUNCTIONS_WORKER_RUNTIME"] {
        assert!(set.iter().any(|(known, value)| known == name && !value.is_empty()), "{name}");
    }
    let known = |name: &str| SETTINGS.iter().any(|setting| setting.name == name);
    let ours = ["AzureWebJobsStorage", "WorkQueues", "FUNCTIONS_WORKER_RUNTIME", "about"];
    for name in set.iter().map(|(name, _)| name).chain(unset.keys()) {
        assert!(known(name) || ours.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_example_comments_match_the_settings_table() {
    let example = example();
    for (name, text) in example["//"].as_object().unwrap() {
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
            assert!(text.as_str().unwrap().starts_with(setting.meaning), "{name}");
            assert_eq!(setting.default, None, "{name}");
        }
    }
}

#[test]
fn the_example_shows_the_defaults() {
    for (name, value) in values() {
        if OF_THE_LOCAL_ISSUER.contains(&name.as_str()) {
            continue;
        }
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
            assert_eq!(Some(value.as_str()), setting.default, "{name}");
        }
    }
}

#[test]
fn a_local_host_starts_the_worker_on_the_example() {
    let by_the_host =
        [("FUNCTIONS_CUSTOMHANDLER_PORT", "40001"), ("AZURE_FUNCTIONS_ENVIRONMENT", "Development")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = values().into_iter().chain(by_the_host);
    let config = Config::read(environment.map(|(name, value)| (name.into(), value.into())), EVERYTHING);
    assert_eq!(config.unwrap().environment, Environment::Local);
}

#[test]
fn the_examples_of_all_settings_are_those_of_one_app_in_azure() {
    let by_azure = [
        ("WEBSITE_INSTANCE_ID", "8f43"),
        ("WEBSITE_SKU", "PremiumV3"),
        ("WEBSITE_AUTH_ENABLED", "True"),
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token"),
        ("IDENTITY_HEADER", "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"),
    ];
    let examples = SETTINGS.iter().map(|setting| (setting.name, setting.example));
    let environment: BTreeMap<_, _> = by_azure.into_iter().chain(examples).collect();
    let config = read(&environment, EVERYTHING).unwrap();
    assert_eq!((config.environment, config.database.pool), (Environment::Azure, 8));
    assert!(config.certificates.is_some() && config.vault.is_some() && config.otlp.is_some());
    for setting in SETTINGS {
        assert!(setting.concerns(EVERYTHING), "{} is not read", setting.name);
    }
}

#[test]
fn the_example_has_no_secret_and_does_not_claim_easyauth() {
    let text = include_str!("../../../local.settings.json.example");
    for word in ["WEBSITE_AUTH_ENABLED", "AccountKey", "SharedAccessSignature", "Password=", "BEGIN ", "://:"]
    {
        assert!(!text.contains(word), "{word}");
    }
    let random = |value: &str| {
        value.len() >= 20 && !value.contains(['.', '=', ' ', '/']) && value.parse::<Uuid>().is_err()
    };
    for (name, value) in values() {
        assert!(!random(&value) && !value.contains('@'), "{name} looks like a secret");
    }
}
