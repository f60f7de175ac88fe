//! The backend: called with a certificate or not at all.

use super::*;
use crate::{
    fulfilment::{Fulfilment, FulfilmentSettings},
    rotation::SecretSource,
};

const URL: (&str, &str) = ("ORDERS_FULFILMENT_URL", "https://backend.example/v1/");
const FILE: (&str, &str) = ("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", "/certificates/worker.pem");
const PROCESSOR: Needs = Needs { fulfilment: true, ..NEITHER };

/// What is read of the backend, where one is set.
fn backend(environment: &BTreeMap<&'static str, &'static str>) -> FulfilmentSettings {
    match read(environment, PROCESSOR).unwrap().fulfilment {
        Fulfilment::Backend(settings) => settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_laptop_without_a_backend_has_the_stand_in() {
    assert!(matches!(read(&local(), PROCESSOR).unwrap().fulfilment, Fulfilment::StandIn));
}

#[test]
fn the_platforms_processor_starts_without_a_backend_and_never_with_the_stand_in() {
    let demanded = |more: &[(&'static str, &'static str)]| platform_with(&[&DEMANDED, more].concat());
    assert!(matches!(read(&demanded(&[]), PROCESSOR).unwrap().fulfilment, Fulfilment::Missing));
    assert_eq!(faulty(&demanded(&[URL]), PROCESSOR), [FILE.0]);
    assert_eq!(faulty(&demanded(&[FILE]), PROCESSOR), [FILE.0], "whose certificate is it?");
    assert_eq!(
        backend(&platform_with(&[&DEMANDED[..], &[URL, FILE]].concat())).address.path(),
        "/v1/fulfilments"
    );
}

#[test]
fn a_backend_is_named_with_the_certificate_that_it_knows_the_worker_by() {
    let settings = backend(&local_with(&[URL, FILE]));
    assert_eq!(settings.address.as_str(), "https://backend.example/v1/fulfilments");
    assert_eq!((settings.certificate, settings.authority), (SecretSource::File(FILE.1.into()), None));
    assert_eq!(faulty(&local_with(&[URL]), PROCESSOR), [FILE.0]);
    assert_eq!(faulty(&local_with(&[FILE]), PROCESSOR), [FILE.0]);
    assert_eq!(
        faulty(&local_with(&[("ORDERS_FULFILMENT_CA", "/ca.pem")]), PROCESSOR),
        ["ORDERS_FULFILMENT_CA"]
    );
    assert_eq!(faulty(&local_with(&[URL]), HTTP), [""; 0], "it concerns the processor alone");
}

#[test]
fn a_backend_has_an_https_address_that_a_path_can_follow() {
    for url in ["https://b", "https://b/", "https://b:8443/fulfil", "HTTPS://127.0.0.1:8443"] {
        assert_eq!(faulty(&local_with(&[FILE, (URL.0, url)]), PROCESSOR), [""; 0], "{url}");
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
        assert_eq!(faulty(&environment, PROCESSOR), [URL.0], "{url}");
        assert!(!fault(&environment, PROCESSOR).contains("hunter2"), "{url}");
    }
}

#[test]
fn a_certificate_in_the_vault_needs_a_vault() {
    for name in [FILE.0, "ORDERS_FULFILMENT_CA"] {
        let kept = local_with(&[URL, FILE, (name, "keyvault:worker")]);
        assert!(fault(&kept, PROCESSOR).contains("set KeyVaultUrl"), "{name}");
    }
}

#[test]
fn a_setting_that_holds_the_key_itself_is_refused_without_being_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
    for name in [FILE.0, "ORDERS_FULFILMENT_CA"] {
        let environment = local_with(&[URL, FILE, (name, key)]);
        assert_eq!(faulty(&environment, PROCESSOR), [name]);
        assert!(!fault(&environment, PROCESSOR).contains("hunter2"));
    }
}
