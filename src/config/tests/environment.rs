//! Where a process runs, and what is refused there.

use super::*;

#[test]
fn any_azure_variable_means_azure() {
    for sign in [
        "WEBSITE_INSTANCE_ID",
        "WEBSITE_SITE_NAME",
        "WEBSITE_SKU",
        "WEBSITE_POD_NAME",
        "CONTAINER_NAME",
        "LEGION_SERVICE_HOST",
    ] {
        for value in ["any", ""] {
            assert_eq!(
                settings_with_errors(&local_with(&[(sign, value)]), DATABASE_ONLY),
                ["ORDERS_DATABASE_URL"],
                "{sign}"
            );
        }
    }
}

/// A machine that breaks every rule that a developer's machine is spared.
fn breaking_every_rule(sign: &'static str) -> BTreeMap<&'static str, &'static str> {
    local_with(&[
        (sign, "any"),
        ("ORDERS_DATABASE_URL", "postgres://me@db/orders"),
        ("ORDERS_IDENTITY", "easyauth+jwt"),
        ("ORDERS_ENTRA_AUTHORITY", "http://localhost:7071/_emulator/issuer"),
        ("ORDERS_ENTRA_AUDIENCE", "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02"),
        ("ORDERS_CLIENT_CERTIFICATE_MODE", "required"),
        ("ORDERS_CLIENT_CERTIFICATE_CA", "/certificates/partners.pem"),
        ("ORDERS_CLIENT_CERTIFICATE_ALLOWED", "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=partner.example"),
        ("KeyVaultUrl", "https://tests.vault.azure.net"),
    ])
}

#[test]
fn azure_only_errors_say_why_this_counts_as_azure() {
    for sign in ["WEBSITE_SITE_NAME", "CONTAINER_NAME", "LEGION_SERVICE_HOST"] {
        let faults = read(&breaking_every_rule(sign), EVERYTHING).unwrap_err();
        let names: Vec<_> = faults.iter().map(crate::config::ConfigError::setting).collect();
        let every = [
            "KeyVaultUrl",
            "ORDERS_CLIENT_CERTIFICATE_MODE",
            "ORDERS_DATABASE_URL",
            "ORDERS_ENTRA_ALLOWED_CLIENTS",
            "ORDERS_ENTRA_AUTHORITY",
            "ORDERS_ENTRA_TENANT_ID",
        ];
        assert_eq!(names, every);
        for fault in faults.iter() {
            let told = format!("(the rules for Azure apply because {sign} is set)");
            assert!(fault.message().ends_with(&told), "{} {}", fault.setting(), fault.message());
        }
    }
    let missing = error_message(&azure_with(&[]), DATABASE_ONLY);
    assert!(missing.contains("WEBSITE_SITE_NAME is set"), "{missing}");
}

#[test]
fn a_missing_development_environment_is_named() {
    let mut environment = local();
    environment.remove("AZURE_FUNCTIONS_ENVIRONMENT");
    assert!(
        error_message(&environment, DATABASE_ONLY)
            .contains("because AZURE_FUNCTIONS_ENVIRONMENT is not `Development`")
    );
    environment.insert("CONTAINER_NAME", "any");
    let both = "because CONTAINER_NAME is set and AZURE_FUNCTIONS_ENVIRONMENT is not `Development`";
    assert!(error_message(&environment, DATABASE_ONLY).contains(both));
}

#[test]
fn only_development_is_local() {
    for value in ["Production", "development", "Staging", "", "Development "] {
        let environment = local_with(&[("AZURE_FUNCTIONS_ENVIRONMENT", value)]);
        assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), ["ORDERS_DATABASE_URL"], "{value:?}");
    }
    let mut environment = local();
    environment.remove("AZURE_FUNCTIONS_ENVIRONMENT");
    assert_eq!(settings_with_errors(&environment, DATABASE_ONLY), ["ORDERS_DATABASE_URL"]);
}

#[test]
fn sqlite_is_refused_on_the_platform() {
    let given = azure_with(&[("ORDERS_DATABASE_URL", "sqlite://.local/orders.db")]);
    assert!(error_message(&given, DATABASE_ONLY).contains("SQLite"));
    assert!(error_message(&azure_with(&[]), DATABASE_ONLY).contains("is missing"));
}

#[test]
fn azure_requires_a_verified_database() {
    let strict = |url| azure_with(&[("ORDERS_DATABASE_URL", url)]);
    for url in [
        "postgres://me:hunter2@db/orders?sslmode=verify-full",
        "postgresql://me@db/orders?sslmode=disable&sslmode=verify-full",
        "postgres://me@db/orders?ssl-mode=verify-full&sslrootcert=/etc/ca.pem",
    ] {
        assert_eq!(settings_with_errors(&strict(url), DATABASE_ONLY), [""; 0], "{url}");
    }
    for url in [
        "postgres://me:hunter2@db/orders",
        "postgres://me:hunter2@db/orders?sslmode=disable",
        "postgres://me:hunter2@db/orders?sslmode=prefer",
        "postgres://me:hunter2@db/orders?sslmode=require",
        "postgres://me:hunter2@db/orders?sslmode=verify-ca",
        "postgres://me:hunter2@db/orders?sslmode=verify-full&%73slmode=disable",
        "postgres://me:hunter2@db/orders?sslmode=verify-full&ssl-mode=require",
        "postgres://me:hunter2@db/orders?SSLMODE=verify-full",
        "postgres://me:hunter2@db/orders#?sslmode=verify-full",
    ] {
        let fault = error_message(&strict(url), DATABASE_ONLY);
        assert!(fault.contains("sslmode=verify-full") && !fault.contains("hunter2"), "{url}: {fault}");
        assert_eq!(
            settings_with_errors(&local_with(&[("ORDERS_DATABASE_URL", url)]), DATABASE_ONLY),
            [""; 0],
            "{url}"
        );
    }
}

#[test]
fn an_invalid_postgres_url_is_rejected_and_not_shown() {
    for url in ["postgres://me:hunter2@db:port/orders", "postgres://db/orders?sslmode=hunter2"] {
        for place in [local_with, azure_with] {
            let fault = error_message(&place(&[("ORDERS_DATABASE_URL", url)]), DATABASE_ONLY);
            assert!(fault.contains("cannot be read") && !fault.contains("hunter2"), "{fault}");
        }
    }
}

#[test]
fn one_app_needs_four_settings_in_azure() {
    let guid = "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02";
    let own = [("ORDERS_ENTRA_TENANT_ID", guid), ("ORDERS_ENTRA_AUDIENCE", guid)];
    let mut environment = azure_with(&[&DEMANDED[..], &own].concat());
    for name in ["ORDERS_IDENTITY", "AZURE_FUNCTIONS_ENVIRONMENT"] {
        environment.remove(name);
    }
    assert_eq!(settings_with_errors(&environment, EVERYTHING), [""; 0]);
    for name in own.iter().chain(&DEMANDED).map(|(name, _)| *name) {
        let mut less = environment.clone();
        less.remove(name);
        assert_eq!(settings_with_errors(&less, EVERYTHING), [name]);
    }
}

#[test]
fn a_start_without_a_host_says_how_to_start() {
    let mut environment = local();
    environment.remove("FUNCTIONS_CUSTOMHANDLER_PORT");
    assert!(error_message(&environment, HTTP).contains("the Functions host sets it"));
    assert!(error_message(&environment, HTTP).contains("cargo xtask dev"));
}
