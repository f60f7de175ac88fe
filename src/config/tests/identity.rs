//! Who must be let in only where the platform stands guard.

use super::*;

#[test]
fn http_functions_do_not_start_without_the_platforms_authentication() {
    for value in ["false", "1", "yes", "", " true", "True "] {
        let environment = local_with(&[("WEBSITE_AUTH_ENABLED", value)]);
        assert_eq!(faulty(&environment, HTTP), ["WEBSITE_AUTH_ENABLED"], "{value:?}");
    }
    let mut environment = local();
    environment.remove("WEBSITE_AUTH_ENABLED");
    assert_eq!(faulty(&environment, HTTP), ["WEBSITE_AUTH_ENABLED"]);
    for value in ["true", "True", "TRUE"] {
        assert!(read(&local_with(&[("WEBSITE_AUTH_ENABLED", value)]), HTTP).is_ok(), "{value}");
    }
}

#[test]
fn a_process_without_http_functions_needs_no_identity_settings() {
    let mut environment = local_with(&[
        ("ORDERS_ENTRA_TENANT_ID", "nonsense"),
        ("ORDERS_RATE_LIMIT", "nonsense"),
        ("KeyVaultUrl", "@Microsoft.KeyVault(SecretUri=x)"),
    ]);
    environment.remove("WEBSITE_AUTH_ENABLED");
    environment.remove("ORDERS_IDENTITY");
    assert!(read(&environment, NEITHER).unwrap().identity.is_none());
}

#[test]
fn a_process_that_takes_queued_orders_knows_its_tenant_without_identity_settings() {
    let tenant = "0b31e8f4-52f2-4e0b-9d3c-6d1f2b9a7c10";
    let mut environment = local_with(&[("ORDERS_ENTRA_TENANT_ID", tenant)]);
    environment.remove("WEBSITE_AUTH_ENABLED");
    environment.remove("ORDERS_IDENTITY");
    assert_eq!(read(&environment, INCOMING).unwrap().tenant, Some(tenant.parse().unwrap()));
    environment.insert("ORDERS_ENTRA_TENANT_ID", "nonsense");
    assert_eq!(faulty(&environment, INCOMING), ["ORDERS_ENTRA_TENANT_ID"]);
}

#[test]
fn a_process_without_fulfilment_needs_no_fulfilment_settings() {
    assert!(read(&local_with(&[("ORDERS_FULFILMENT_URL", "https://backend")]), HTTP).is_ok());
}

#[test]
fn the_default_mode_is_not_weakened_in_silence() {
    let mut environment = local();
    environment.remove("ORDERS_IDENTITY");
    let fault = fault(&environment, HTTP);
    assert!(fault.starts_with("is not set") && fault.contains("set it to `easyauth`"), "{fault}");
}

#[test]
fn the_platform_demands_a_list_of_clients() {
    let faulty = faulty(&platform_with(&[]), HTTP);
    assert_eq!(faulty, ["ORDERS_DATABASE_URL", "ORDERS_ENTRA_ALLOWED_CLIENTS"]);
}

#[test]
fn tenant_clients_and_scope_are_taken_over() {
    let tenant = "0b31e8f4-52f2-4e0b-9d3c-6d1f2b9a7c10";
    let client = "9B1F6F5C-4A2E-4F0E-8F43-2B8C7F9D3E02";
    let environment = local_with(&[
        ("ORDERS_ENTRA_TENANT_ID", tenant),
        ("ORDERS_ENTRA_ALLOWED_CLIENTS", client),
        ("ORDERS_REQUIRED_SCOPE", "Orders.Write"),
    ]);
    let identity = read(&environment, HTTP).unwrap().identity.unwrap();
    assert_eq!(identity.tenant, Some(tenant.parse().unwrap()));
    assert_eq!(identity.allowed_clients, Some(vec![client.parse().unwrap()]));
    assert_eq!(identity.required_scope, "Orders.Write");
}
