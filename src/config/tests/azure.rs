//! What the app's managed identity is used for.

use super::*;
use crate::{store::DatabaseSignIn, vault::VaultSignIn};

const ID: &str = "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02";
const URL: &str = "postgres://app@db.example/orders?sslmode=verify-full";

/// An environment as the platform makes one for an app with a managed identity.
fn assigned(more: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, &'static str> {
    let mut environment = local_with(more);
    environment.insert("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token");
    environment.insert("IDENTITY_HEADER", "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a");
    environment
}

#[test]
fn a_vault_is_an_https_address_without_anything_behind_it() {
    let read = |url| read(&assigned(&[("KeyVaultUrl", url)]), EVERYTHING);
    for url in [
        "https://tests.vault.azure.net",
        "https://tests.vault.azure.net/",
        "https://Tests.vault.azure.cn:443",
    ] {
        let vault = read(url).unwrap().vault.unwrap();
        assert!(vault.url.starts_with("https://tests.vault.azure.") && vault.url.ends_with('/'), "{url}");
    }
    for url in [
        "http://tests.vault.azure.net",
        "tests.vault.azure.net",
        "https://tests.vault.azure.net/secrets/cup",
        "https://tests.vault.azure.net:8443",
        "https://me:hunter2@tests.vault.azure.net",
        "https://tests.vault.azure.net?x",
        "https://tests.vault.azure.net#x",
        "https://127.0.0.1",
        "https://localhost",
    ] {
        let faults = read(url).unwrap_err().to_string();
        assert!(faults.contains("KeyVaultUrl must be the address of a vault"), "{url}: {faults}");
        assert!(!faults.contains("hunter2"), "{faults}");
    }
}

#[test]
fn a_secret_has_a_name_that_vaults_give() {
    let read = |name| read(&local_with(&[("SecretName", name)]), EVERYTHING);
    assert_eq!(read("cup-1").unwrap().secret_name, Some("cup-1".parse().unwrap()));
    for name in ["a/b", "a b", "cup_1", "keyvault:cup"] {
        assert!(read(name).is_err(), "{name}");
    }
}

#[test]
fn only_processes_that_read_secrets_read_vault_settings() {
    let broken = local_with(&[("KeyVaultUrl", "x"), ("SecretName", "/")]);
    assert_eq!(
        settings_with_errors(&broken, ConfigNeeds { secrets: true, ..DATABASE_ONLY }),
        ["KeyVaultUrl", "SecretName"]
    );
    assert_eq!(
        settings_with_errors(&broken, ConfigNeeds { fulfilment: true, ..DATABASE_ONLY }),
        ["KeyVaultUrl"]
    );
    assert_eq!(settings_with_errors(&broken, DATABASE_ONLY), [""; 0]);
}

#[test]
fn without_a_managed_identity_nothing_starts_that_needs_one() {
    let needing = [("KeyVaultUrl", "https://tests.vault.azure.net"), ("ORDERS_DATABASE_IDENTITY", "managed")];
    for (name, value) in needing {
        let mut whole =
            assigned(&[("ORDERS_DATABASE_URL", URL), ("ORDERS_ENTRA_TENANT_ID", ID), (name, value)]);
        whole.extend([DEMANDED[1], ("WEBSITE_SITE_NAME", "any")]);
        let needs = ConfigNeeds { fulfilment: false, ..EVERYTHING };
        assert_eq!(settings_with_errors(&whole, needs), [""; 0], "{name}");
        for lacking in ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"] {
            let mut environment = whole.clone();
            environment.remove(lacking);
            let fault = error_message(&environment, needs);
            assert!(fault.contains("needs a managed identity"), "{name} without {lacking}: {fault}");
        }
    }
}

#[test]
fn developer_credentials_read_the_vault_but_no_database() {
    let vault = ("KeyVaultUrl", "https://tests.vault.azure.net");
    let sign_in = |environment: &_| read(environment, EVERYTHING).unwrap().vault.unwrap().sign_in;
    assert_eq!(sign_in(&local_with(&[vault])), VaultSignIn::Developer);
    assert_eq!(sign_in(&assigned(&[vault])), VaultSignIn::ManagedIdentity { client_id: None });
    let managed = local_with(&[("ORDERS_DATABASE_IDENTITY", "managed"), ("ORDERS_DATABASE_URL", URL)]);
    assert!(error_message(&managed, DATABASE_ONLY).contains("needs a managed identity"));
}

#[test]
fn the_identity_is_the_user_assigned_one_where_one_is_named() {
    let managed = [("ORDERS_DATABASE_IDENTITY", "managed"), ("ORDERS_DATABASE_URL", URL)];
    let vault = ("KeyVaultUrl", "https://tests.vault.azure.net");
    let config = read(&assigned(&[managed[0], managed[1], vault]), EVERYTHING).unwrap();
    assert_eq!(config.database.sign_in, DatabaseSignIn::ManagedIdentity { client_id: None });
    assert_eq!(config.vault.unwrap().sign_in, VaultSignIn::ManagedIdentity { client_id: None });
    let named = assigned(&[managed[0], managed[1], vault, ("AZURE_CLIENT_ID", ID)]);
    let config = read(&named, EVERYTHING).unwrap();
    assert_eq!(
        config.database.sign_in,
        DatabaseSignIn::ManagedIdentity { client_id: Some(ID.parse().unwrap()) }
    );
    let named = VaultSignIn::ManagedIdentity { client_id: Some(ID.parse().unwrap()) };
    assert_eq!(config.vault.unwrap().sign_in, named);
    assert_eq!(
        settings_with_errors(&local_with(&[("AZURE_CLIENT_ID", "orders-app")]), DATABASE_ONLY),
        ["AZURE_CLIENT_ID"]
    );
}

#[test]
fn a_managed_identity_needs_a_verified_database() {
    for (url, told) in [
        ("sqlite://.local/orders.db", "names SQLite"),
        ("postgres://app@db.example/orders", "sslmode=verify-full"),
        ("postgres://app@db.example/orders?sslmode=verify-ca", "sslmode=verify-full"),
        ("postgres://db.example/orders?sslmode=verify-full", "must name a user"),
        ("postgres://app:hunter2@db.example/orders?sslmode=verify-full", "must not contain a password"),
        (
            "postgres://app@db.example/orders?sslmode=verify-full&password=hunter2",
            "must not contain a password",
        ),
        (
            "postgres://app@db.example/orders?sslmode=verify-full&pass%77ord=hunter2",
            "must not contain a password",
        ),
        (
            "postgres://app@db.example/orders?%70%61ssword=hunter2&sslmode=verify-full",
            "must not contain a password",
        ),
    ] {
        let environment = assigned(&[("ORDERS_DATABASE_IDENTITY", "managed"), ("ORDERS_DATABASE_URL", url)]);
        assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), ["ORDERS_DATABASE_URL"], "{url}");
        let fault = error_message(&environment, DATABASE_ONLY);
        assert!(fault.contains(told) && !fault.contains("hunter2"), "{url}: {fault}");
    }
    let bare = assigned(&[("ORDERS_DATABASE_IDENTITY", "managed")]);
    assert_eq!(settings_with_errors(&bare, DATABASE_ONLY), ["ORDERS_DATABASE_URL"], "the default is SQLite");
}
