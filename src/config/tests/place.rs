//! Where a process runs, and what is refused there.

use super::*;

#[test]
fn any_sign_of_the_platform_makes_it_the_platform() {
    for sign in [
        "WEBSITE_INSTANCE_ID",
        "WEBSITE_SITE_NAME",
        "WEBSITE_SKU",
        "WEBSITE_POD_NAME",
        "CONTAINER_NAME",
        "LEGION_SERVICE_HOST",
    ] {
        for value in ["any", ""] {
            assert_eq!(faulty(&local_with(&[(sign, value)]), NEITHER), ["ORDERS_DATABASE_URL"], "{sign}");
        }
    }
}

/// A machine that breaks every rule that a developer's machine is spared.
fn breaking_every_rule(sign: &'static str) -> BTreeMap<&'static str, &'static str> {
    local_with(&[
        (sign, "any"),
        ("ORDERS_DATABASE_URL", "postgres://me@db/orders"),
        ("ORDERS_IDENTITY", "easyauth+jwt"),
        ("ORDERS_ENTRA_AUTHORITY", "http://localhost:7071/_local/issuer"),
        ("ORDERS_ENTRA_AUDIENCE", "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02"),
        ("ORDERS_CLIENT_CERTIFICATE_MODE", "required"),
        ("ORDERS_CLIENT_CERTIFICATE_CA", "/certificates/partners.pem"),
        ("ORDERS_CLIENT_CERTIFICATE_ALLOWED", "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=partner.example"),
        ("KeyVaultUrl", "https://tests.vault.azure.net"),
    ])
}

#[test]
fn what_only_the_platform_refuses_says_what_makes_this_the_platform() {
    for sign in ["WEBSITE_SITE_NAME", "CONTAINER_NAME", "LEGION_SERVICE_HOST"] {
        let faults = read(&breaking_every_rule(sign), EVERYTHING).unwrap_err();
        let names: Vec<_> = faults.iter().map(crate::config::Fault::setting).collect();
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
            assert!(fault.text().ends_with(&told), "{} {}", fault.setting(), fault.text());
        }
    }
    let missing = fault(&platform_with(&[]), NEITHER);
    assert!(missing.contains("WEBSITE_SITE_NAME is set"), "{missing}");
}

#[test]
fn a_machine_that_is_not_said_to_be_a_developers_says_so() {
    let mut environment = local();
    environment.remove("AZURE_FUNCTIONS_ENVIRONMENT");
    assert!(
        fault(&environment, NEITHER).contains("because AZURE_FUNCTIONS_ENVIRONMENT is not `Development`")
    );
    environment.insert("CONTAINER_NAME", "any");
    let both = "because CONTAINER_NAME is set and AZURE_FUNCTIONS_ENVIRONMENT is not `Development`";
    assert!(fault(&environment, NEITHER).contains(both));
}

#[test]
fn only_development_is_local() {
    for value in ["Production", "development", "Staging", "", "Development "] {
        let environment = local_with(&[("AZURE_FUNCTIONS_ENVIRONMENT", value)]);
        assert_eq!(faulty(&environment, NEITHER), ["ORDERS_DATABASE_URL"], "{value:?}");
    }
    let mut environment = local();
    environment.remove("AZURE_FUNCTIONS_ENVIRONMENT");
    assert_eq!(faulty(&environment, NEITHER), ["ORDERS_DATABASE_URL"]);
}

#[test]
fn sqlite_is_refused_on_the_platform() {
    let given = platform_with(&[("ORDERS_DATABASE_URL", "sqlite://.local/orders.db")]);
    assert!(fault(&given, NEITHER).contains("SQLite"));
    assert!(fault(&platform_with(&[]), NEITHER).contains("is missing"));
}

#[test]
fn on_the_platform_the_database_has_to_prove_who_it_is() {
    let strict = |url| platform_with(&[("ORDERS_DATABASE_URL", url)]);
    for url in [
        "postgres://me:hunter2@db/orders?sslmode=verify-full",
        "postgresql://me@db/orders?sslmode=disable&sslmode=verify-full",
        "postgres://me@db/orders?ssl-mode=verify-full&sslrootcert=/etc/ca.pem",
    ] {
        assert_eq!(faulty(&strict(url), NEITHER), [""; 0], "{url}");
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
        let fault = fault(&strict(url), NEITHER);
        assert!(fault.contains("sslmode=verify-full") && !fault.contains("hunter2"), "{url}: {fault}");
        assert_eq!(faulty(&local_with(&[("ORDERS_DATABASE_URL", url)]), NEITHER), [""; 0], "{url}");
    }
}

#[test]
fn an_address_of_postgresql_that_cannot_be_read_is_refused_without_being_shown() {
    for url in ["postgres://me:hunter2@db:port/orders", "postgres://db/orders?sslmode=hunter2"] {
        for place in [local_with, platform_with] {
            let fault = fault(&place(&[("ORDERS_DATABASE_URL", url)]), NEITHER);
            assert!(fault.contains("cannot be read") && !fault.contains("hunter2"), "{fault}");
        }
    }
}

#[test]
fn one_app_of_all_functions_starts_with_what_the_platform_sets_and_four_settings_more() {
    let guid = "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02";
    let own = [("ORDERS_ENTRA_TENANT_ID", guid), ("ORDERS_ENTRA_AUDIENCE", guid)];
    let mut environment = platform_with(&[&DEMANDED[..], &own].concat());
    for name in ["ORDERS_IDENTITY", "AZURE_FUNCTIONS_ENVIRONMENT"] {
        environment.remove(name);
    }
    assert_eq!(faulty(&environment, EVERYTHING), [""; 0]);
    for name in own.iter().chain(&DEMANDED).map(|(name, _)| *name) {
        let mut less = environment.clone();
        less.remove(name);
        assert_eq!(faulty(&less, EVERYTHING), [name]);
    }
}

#[test]
fn a_worker_that_no_host_started_says_how_to_start_one() {
    let mut environment = local();
    environment.remove("FUNCTIONS_CUSTOMHANDLER_PORT");
    assert!(fault(&environment, HTTP).contains("the Functions host sets it"));
    assert!(fault(&environment, HTTP).contains("cargo xtask dev"));
}
