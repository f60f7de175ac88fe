//! The principal header: its JSON text, and its encoded value.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use futures_util::FutureExt as _;
use orders_worker::{
    identity::{AuthenticationError, Caller, Identity, IdentityMode, IdentitySettings},
    policy::{ListAllOrders, PlaceOrder, QueueOrder, WriteProduct},
};
use serde_json::{Value, json};

use super::path;

pub(super) const WORDS: &[&str] = &[
    "auth_typ",
    "aad",
    "claims",
    "typ",
    "val",
    "oid",
    "tid",
    "sub",
    "scp",
    "roles",
    "azp",
    "appid",
    "idtyp",
    "app",
    "user",
    "Orders.ReadWrite",
    "OrderAdmin",
    "OrderProcessor",
    "identityProvider",
    "userRoles",
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "http://schemas.microsoft.com/identity/claims/tenantid",
    "http://schemas.microsoft.com/identity/claims/scope",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    "5d0f8d6e-7a43-4c55-8a55-0c5f4f5e2a01",
    "00000000-0000-0000-0000-000000000000",
];

const PRINCIPAL: HeaderName = HeaderName::from_static("x-ms-client-principal");
const SCOPE: &str = "Orders.ReadWrite";

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let settings = IdentitySettings {
        tenant: None,
        allowed_clients: None,
        required_scope: SCOPE.to_owned(),
        mode: IdentityMode::EasyAuth { audience: None },
    };
    Identity::new(settings).expect("the header needs no client")
});

/// The input is a principal's text, and once more the header's value.
pub(super) fn run(input: &[u8]) -> u64 {
    let encoded = STANDARD.encode(input);
    let value = HeaderValue::from_str(&encoded).expect("base64 is ASCII");
    let asked = ask(&value);
    if let Ok(caller) = &asked {
        said_so(caller, input);
    }
    let raw = HeaderValue::from_bytes(input).map(|value| ask(&value));
    if let Ok(Ok(caller)) = &raw {
        said_so(caller, &STANDARD.decode(input).expect("a header that was read"));
    }
    path((told(&asked), raw.ok().map(|raw| told(&raw))))
}

fn ask(value: &HeaderValue) -> Result<Caller, AuthenticationError> {
    ask_by(&headers(value))
}

fn ask_by(headers: &HeaderMap) -> Result<Caller, AuthenticationError> {
    let asked = IDENTITY.authenticate(headers, DateTime::UNIX_EPOCH).now_or_never();
    asked.expect("no wait happens when the header alone is read")
}

fn headers(value: &HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer a.b.c"));
    headers.insert(PRINCIPAL, value.clone());
    headers
}

fn told(asked: &Result<Caller, AuthenticationError>) -> u64 {
    match asked {
        Err(refused) => path(refused.reason()),
        Ok(caller) => path([
            caller.permit::<PlaceOrder>().is_ok(),
            caller.permit::<QueueOrder>().is_ok(),
            caller.permit::<ListAllOrders>().is_ok(),
        ]),
    }
}

/// The caller must be the one in the claims, by a second implementation, with no more rights than the claims give.
fn said_so(caller: &Caller, text: &[u8]) {
    let principal: Value = serde_json::from_slice(text).expect("a principal that was read is JSON");
    let claims = Claims::of(&principal);
    let owner = caller.owner();
    claims.all_name(
        &["tid", "http://schemas.microsoft.com/identity/claims/tenantid"],
        &owner.tenant.to_string(),
    );
    claims.all_name(
        &["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"],
        &owner.object.to_string(),
    );
    let scopes = ["scp", "http://schemas.microsoft.com/identity/claims/scope"];
    let in_scope = claims.of_any(&scopes).any(|scope| scope.split(' ').any(|granted| granted == SCOPE));
    let is_program = claims.of_any(&["idtyp"]).any(|kind| kind == "app");
    let roles = ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];
    let holds = |role| claims.of_any(&roles).any(|held| held == role);
    assert_eq!(caller.permit::<PlaceOrder>().is_ok(), in_scope && !is_program);
    let lists = holds("OrderProcessor") || (holds("OrderAdmin") && !is_program);
    assert_eq!(caller.permit::<ListAllOrders>().is_ok(), (in_scope || is_program) && lists);
    assert!(caller.permit::<WriteProduct>().is_err(), "no tenant is configured");
    assert_eq!(caller.permit::<QueueOrder>().is_ok(), (in_scope || is_program) && holds("OrderProcessor"));
    stands_alone(caller, principal);
}

/// Another spelling is the same caller; a second header, a second person or no token is none.
fn stands_alone(caller: &Caller, principal: Value) {
    let value =
        |principal: &Value| HeaderValue::from_str(&STANDARD.encode(principal.to_string())).expect("ASCII");
    if let Ok(again) = ask(&value(&principal)) {
        assert_eq!(format!("{again:?}"), format!("{caller:?}"));
    }
    let mut twice = headers(&value(&principal));
    twice.append(PRINCIPAL, value(&principal));
    assert!(ask_by(&twice).is_err(), "two headers");
    let mut bare = headers(&value(&principal));
    bare.remove(AUTHORIZATION);
    assert!(ask_by(&bare).is_err(), "no token");
    let mut torn = principal;
    if let Some(claims) = torn["claims"].as_array_mut() {
        claims.push(json!({"typ": "oid", "val": "11111111-2222-4333-8444-555555555555"}));
    }
    assert!(ask(&value(&torn)).is_err(), "two people");
}

/// Type and value of each claim.
struct Claims<'p>(Vec<(&'p str, &'p str)>);

impl<'p> Claims<'p> {
    fn of(principal: &'p Value) -> Self {
        let text = |claim: &'p Value, member| claim[member].as_str().expect("claims are texts");
        let claims = principal["claims"].as_array().expect("claims are a list");
        Self(claims.iter().map(|claim| (text(claim, "typ"), text(claim, "val"))).collect())
    }

    fn of_any(&self, names: &[&str]) -> impl Iterator<Item = &'p str> {
        self.0.iter().filter(|(name, _)| names.contains(name)).map(|(_, value)| *value)
    }

    fn all_name(&self, names: &[&str], id: &str) {
        let mut values = self.of_any(names).peekable();
        assert!(values.peek().is_some(), "a caller that no claim names");
        assert!(values.all(|value| value.eq_ignore_ascii_case(id)), "somebody else");
    }
}
