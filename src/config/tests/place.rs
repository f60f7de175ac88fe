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
fn postgresql_is_refused_until_this_version_speaks_it() {
    for place in [local_with, platform_with] {
        let given = place(&[("ORDERS_DATABASE_URL", "postgres://me:hunter2@db/orders")]);
        let fault = fault(&given, NEITHER);
        assert!(fault.contains("PostgreSQL") && !fault.contains("hunter2"), "{fault}");
    }
}

#[test]
fn the_platforms_processor_names_its_backend() {
    let needs = Needs { http: false, fulfilment: true, incoming: false };
    assert_eq!(faulty(&platform_with(&[]), needs), ["ORDERS_DATABASE_URL", "ORDERS_FULFILMENT_URL"]);
    assert_eq!(faulty(&local(), needs), [""; 0]);
}

#[test]
fn a_worker_that_no_host_started_says_how_to_start_one() {
    let mut environment = local();
    environment.remove("FUNCTIONS_CUSTOMHANDLER_PORT");
    assert!(fault(&environment, HTTP).contains("started by the Functions host"));
    assert!(fault(&environment, HTTP).contains("cargo xtask dev"));
}
