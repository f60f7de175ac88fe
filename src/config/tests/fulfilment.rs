//! The backend: called with a certificate or not at all.

use super::*;
use crate::{
    fulfilment::{FulfilmentMode, FulfilmentSettings},
    rotation::SecretSource,
};

const URL: (&str, &str) = ("ORDERS_FULFILMENT_URL", "https://backend.example/v1/");
const FILE: (&str, &str) = ("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", "/certificates/worker.pem");
const PROCESSOR: ConfigNeeds = ConfigNeeds { fulfilment: true, ..DATABASE_ONLY };

/// The backend that is read from these settings, which name one.
fn backend(environment: &BTreeMap<&'static str, &'static str>) -> FulfilmentSettings {
    match read(environment, PROCESSOR).unwrap().fulfilment {
        FulfilmentMode::Backend(settings) => settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_development_machine_without_a_backend_uses_the_stub() {
    assert!(matches!(read(&local(), PROCESSOR).unwrap().fulfilment, FulfilmentMode::Stub));
}

#[test]
fn without_a_backend_azure_never_uses_the_stub() {
    let demanded = |more: &[(&'static str, &'static str)]| azure_with(&[&DEMANDED, more].concat());
    assert!(matches!(read(&demanded(&[]), PROCESSOR).unwrap().fulfilment, FulfilmentMode::NotConfigured));
    assert_eq!(settings_with_errors(&demanded(&[URL]), PROCESSOR), [FILE.0]);
    assert_eq!(settings_with_errors(&demanded(&[FILE]), PROCESSOR), [FILE.0], "whose certificate is it?");
    assert_eq!(
        backend(&azure_with(&[&DEMANDED[..], &[URL, FILE]].concat())).address.path(),
        "/v1/fulfilments"
    );
}

#[test]
fn a_backend_needs_a_client_certificate() {
    let settings = backend(&local_with(&[URL, FILE]));
    assert_eq!(settings.address.as_str(), "https://backend.example/v1/fulfilments");
    assert_eq!((settings.certificate, settings.authority), (SecretSource::File(FILE.1.into()), None));
    assert_eq!(settings_with_errors(&local_with(&[URL]), PROCESSOR), [FILE.0]);
    assert_eq!(settings_with_errors(&local_with(&[FILE]), PROCESSOR), [FILE.0]);
    assert_eq!(
        settings_with_errors(&local_with(&[("ORDERS_FULFILMENT_CA", "/ca.pem")]), PROCESSOR),
        ["ORDERS_FULFILMENT_CA"]
    );
    assert_eq!(settings_with_errors(&local_with(&[URL]), HTTP), [""; 0], "it concerns the processor alone");
}

#[test]
fn a_backend_has_an_https_address_that_a_path_can_follow() {
    for url in ["https://b", "https://b/", "https://b:8443/fulfil", "HTTPS://127.0.0.1:8443"] {
        assert_eq!(settings_with_errors(&local_with(&[FILE, (URL.0, url)]), PROCESSOR), [""; 0], "{url}");
    }
    for url in [
        "http://b",
        "http://127.0.0.1:8080",
        "b.example",
        "https://",
        "https://me@b",
        "https://me:hunter2@b",
        "https://b?code=hunter2",
        "https://b#x",
        "ftp://b",
        "",
    ] {
        let environment = local_with(&[FILE, (URL.0, url)]);
        assert_eq!(settings_with_errors(&environment, PROCESSOR), [URL.0], "{url}");
        assert!(!error_message(&environment, PROCESSOR).contains("hunter2"), "{url}");
    }
}

#[test]
fn a_certificate_in_the_vault_needs_a_vault() {
    for name in [FILE.0, "ORDERS_FULFILMENT_CA"] {
        let kept = local_with(&[URL, FILE, (name, "keyvault:worker")]);
        assert!(error_message(&kept, PROCESSOR).contains("set KeyVaultUrl"), "{name}");
    }
}

#[test]
fn a_key_in_a_setting_is_rejected_and_not_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
    for name in [FILE.0, "ORDERS_FULFILMENT_CA"] {
        let environment = local_with(&[URL, FILE, (name, key)]);
        assert_eq!(settings_with_errors(&environment, PROCESSOR), [name]);
        assert!(!error_message(&environment, PROCESSOR).contains("hunter2"));
    }
}
