//! Who must be let in only where the platform stands guard.

use super::*;
use crate::identity::{IdentityMode, IdentitySettings};

const TENANT: &str = "0b31e8f4-52f2-4e0b-9d3c-6d1f2b9a7c10";
const TOKENS: [(&str, &str); 2] =
    [("ORDERS_ENTRA_TENANT_ID", TENANT), ("ORDERS_ENTRA_AUDIENCE", "9B1F6F5C-4A2E-4F0E-8F43-2B8C7F9D3E02")];

fn identity(more: &[(&'static str, &'static str)]) -> IdentitySettings {
    let given: Vec<_> = TOKENS.into_iter().chain(more.iter().copied()).collect();
    read(&local_with(&given), HTTP).unwrap().identity.unwrap()
}

#[test]
fn http_functions_need_easyauth_to_start() {
    for value in ["false", "1", "yes", "", " true", "True "] {
        let environment = local_with(&[("WEBSITE_AUTH_ENABLED", value)]);
        assert_eq!(settings_with_errors(&environment, HTTP), ["WEBSITE_AUTH_ENABLED"], "{value:?}");
    }
    let mut environment = local();
    environment.remove("WEBSITE_AUTH_ENABLED");
    assert_eq!(settings_with_errors(&environment, HTTP), ["WEBSITE_AUTH_ENABLED"]);
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
    assert!(read(&environment, DATABASE_ONLY).unwrap().identity.is_none());
}

#[test]
fn queued_orders_need_a_tenant_but_no_identity_settings() {
    let mut environment = local_with(&[("ORDERS_ENTRA_TENANT_ID", TENANT)]);
    environment.remove("WEBSITE_AUTH_ENABLED");
    environment.remove("ORDERS_IDENTITY");
    assert_eq!(read(&environment, INCOMING).unwrap().tenant, Some(TENANT.parse().unwrap()));
    environment.insert("ORDERS_ENTRA_TENANT_ID", "nonsense");
    assert_eq!(settings_with_errors(&environment, INCOMING), ["ORDERS_ENTRA_TENANT_ID"]);
}

#[test]
fn a_process_without_fulfilment_needs_no_fulfilment_settings() {
    assert!(read(&local_with(&[("ORDERS_FULFILMENT_URL", "https://backend")]), HTTP).is_ok());
}

#[test]
fn the_default_mode_requires_header_and_token() {
    let mut environment = local();
    environment.remove("ORDERS_IDENTITY");
    let missing = ["ORDERS_ENTRA_AUDIENCE", "ORDERS_ENTRA_TENANT_ID"];
    assert_eq!(settings_with_errors(&environment, HTTP), missing);
    environment.extend(TOKENS);
    let mode = read(&environment, HTTP).unwrap().identity.unwrap().mode;
    assert!(matches!(mode, IdentityMode::EasyAuthAndJwt(_)), "{mode:?}");
    for mode in ["jwt", "easyauth+jwt"] {
        assert_eq!(settings_with_errors(&local_with(&[("ORDERS_IDENTITY", mode)]), HTTP), missing, "{mode}");
    }
}

#[test]
fn jwt_mode_needs_no_easyauth() {
    let with = |mode| {
        let mut environment = local_with(&[("ORDERS_IDENTITY", mode)]);
        environment.extend(TOKENS);
        environment.remove("WEBSITE_AUTH_ENABLED");
        environment
    };
    assert_eq!(settings_with_errors(&with("jwt"), HTTP), [""; 0]);
    for mode in ["easyauth", "easyauth+jwt"] {
        assert_eq!(settings_with_errors(&with(mode), HTTP), ["WEBSITE_AUTH_ENABLED"], "{mode}");
    }
}

#[test]
fn which_tokens_count_is_taken_over() {
    let IdentityMode::Jwt(tokens) = identity(&[("ORDERS_IDENTITY", "jwt")]).mode else { panic!("the mode") };
    assert_eq!(tokens.tenant.to_string(), TENANT);
    assert_eq!(tokens.audience, "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02", "as Entra writes it");
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    assert_eq!(tokens.authority.issuer(tokens.tenant), issuer);
    assert_eq!(
        tokens.authority.metadata_url(tokens.tenant),
        format!("{issuer}/.well-known/openid-configuration")
    );
    for authority in ["http://localhost:7071/_emulator/issuer", "http://localhost:7071/_emulator/issuer/"] {
        let other = [("ORDERS_IDENTITY", "easyauth+jwt"), ("ORDERS_ENTRA_AUTHORITY", authority)];
        let IdentityMode::EasyAuthAndJwt(tokens) = identity(&other).mode else { panic!("the mode") };
        let issuer = format!("http://localhost:7071/_emulator/issuer/{TENANT}/v2.0");
        assert_eq!(tokens.authority.issuer(tokens.tenant), issuer);
    }
}

#[test]
fn azure_requires_an_https_issuer() {
    let platform = |authority| {
        let mut environment =
            azure_with(&[("ORDERS_IDENTITY", "jwt"), ("ORDERS_ENTRA_AUTHORITY", authority)]);
        environment.extend(DEMANDED.into_iter().chain(TOKENS));
        environment
    };
    assert_eq!(
        settings_with_errors(&platform("http://localhost:7071/_emulator/issuer"), HTTP),
        ["ORDERS_ENTRA_AUTHORITY"]
    );
    assert_eq!(settings_with_errors(&platform("https://login.microsoftonline.us"), HTTP), [""; 0]);
}

#[test]
fn the_platform_demands_a_list_of_clients() {
    let faulty = settings_with_errors(&azure_with(&[("ORDERS_ENTRA_TENANT_ID", TENANT)]), HTTP);
    assert_eq!(faulty, ["ORDERS_DATABASE_URL", "ORDERS_ENTRA_ALLOWED_CLIENTS"]);
}

#[test]
fn the_platform_demands_a_tenant_in_every_mode() {
    for mode in ["easyauth", "jwt", "easyauth+jwt"] {
        let mut environment = azure_with(&[("ORDERS_IDENTITY", mode), TOKENS[1]]);
        environment.extend(DEMANDED);
        assert_eq!(settings_with_errors(&environment, HTTP), ["ORDERS_ENTRA_TENANT_ID"], "{mode}");
        environment.extend(TOKENS);
        assert_eq!(settings_with_errors(&environment, HTTP), [""; 0], "{mode}");
    }
}

#[test]
fn the_platform_demands_a_tenant_for_queued_orders() {
    let mut environment = azure_with(&DEMANDED);
    assert_eq!(settings_with_errors(&environment, INCOMING), ["ORDERS_ENTRA_TENANT_ID"]);
    assert_eq!(
        settings_with_errors(&environment, DATABASE_ONLY),
        [""; 0],
        "no other process asks whose people they are"
    );
    environment.extend(TOKENS);
    assert_eq!(settings_with_errors(&environment, INCOMING), [""; 0]);
}

#[test]
fn a_setting_that_the_mode_ignores_is_refused() {
    let issuer = ("ORDERS_ENTRA_AUTHORITY", "http://localhost:7071/_emulator/issuer");
    for place in [local_with, azure_with] {
        let mut environment = place(&[issuer]);
        environment.extend(DEMANDED.into_iter().chain(TOKENS));
        assert!(error_message(&environment, HTTP).contains("verifies no token"));
    }
    for mode in ["jwt", "easyauth+jwt"] {
        assert!(identity(&[issuer, ("ORDERS_IDENTITY", mode)]).tenant.is_some(), "{mode}");
    }
}

#[test]
fn the_audience_is_compared_in_easyauth_where_it_is_set() {
    let audience = |more: &[_]| match read(&local_with(more), HTTP).unwrap().identity.unwrap().mode {
        IdentityMode::EasyAuth { audience } => audience,
        other => panic!("{other:?}"),
    };
    assert_eq!(audience(&[]), None);
    assert_eq!(audience(&TOKENS), Some("9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02".to_owned()));
}

#[test]
fn tenant_clients_and_scope_are_taken_over() {
    let client = "9B1F6F5C-4A2E-4F0E-8F43-2B8C7F9D3E02";
    let environment = local_with(&[
        ("ORDERS_ENTRA_TENANT_ID", TENANT),
        ("ORDERS_ENTRA_ALLOWED_CLIENTS", client),
        ("ORDERS_REQUIRED_SCOPE", "Orders.Write"),
    ]);
    let identity = read(&environment, HTTP).unwrap().identity.unwrap();
    assert_eq!(identity.tenant, Some(TENANT.parse().unwrap()));
    assert_eq!(identity.allowed_clients, Some(vec![client.parse().unwrap()]));
    assert_eq!(identity.required_scope, "Orders.Write");
}
