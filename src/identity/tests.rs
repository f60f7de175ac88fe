//! Evidence as the platform sends it, for the tests beside.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use futures_util::FutureExt;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use super::{Caller, Identity};
use super::{IdentityMode, IdentitySettings};

mod access;
mod certificates;
mod principal;
mod issuer;
mod caller_kinds;
mod limits;
mod tokens;

const TENANT: Uuid = uuid!("0b31e8f4-52f2-4e0b-9d3c-6d1f2b9a7c10");
const PERSON: Uuid = uuid!("5d0f8d6e-7a43-4c55-8a55-0c5f4f5e2a01");
const CLIENT: Uuid = uuid!("9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02");
const OTHER: Uuid = uuid!("11111111-2222-4333-8444-555555555555");

const PRINCIPAL: &str = "x-ms-client-principal";

const LONG_OID: &str = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const LONG_TID: &str = "http://schemas.microsoft.com/identity/claims/tenantid";
const LONG_SUB: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
const LONG_SCP: &str = "http://schemas.microsoft.com/identity/claims/scope";
const LONG_ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const LONG_IDP: &str = "http://schemas.microsoft.com/identity/claims/identityprovider";

fn settings() -> IdentitySettings {
    IdentitySettings {
        mode: IdentityMode::EasyAuth { audience: None },
        tenant: None,
        allowed_clients: None,
        required_scope: "Orders.ReadWrite".to_owned(),
    }
}

/// A person in scope, without roles; short spellings.
fn person() -> Vec<(String, String)> {
    [
        ("ver", "2.0".to_owned()),
        ("tid", TENANT.to_string()),
        ("oid", PERSON.to_string()),
        ("sub", "pairwise".to_owned()),
        ("azp", CLIENT.to_string()),
        ("scp", "Orders.ReadWrite".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// A program, without roles.
fn program() -> Vec<(String, String)> {
    let kind = ("idtyp".to_owned(), "app".to_owned());
    person().into_iter().filter(|(name, _)| name != "scp").chain([kind]).collect()
}

fn with(mut claims: Vec<(String, String)>, more: &[(&str, &str)]) -> Vec<(String, String)> {
    claims.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    claims
}

fn without(claims: Vec<(String, String)>, name: &str) -> Vec<(String, String)> {
    claims.into_iter().filter(|(known, _)| known != name).collect()
}

fn principal(claims: &[(String, String)]) -> Value {
    let claims: Vec<_> = claims.iter().map(|(name, value)| json!({ "typ": name, "val": value })).collect();
    json!({ "auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": claims })
}

/// Good headers but for the principal, whose header value is `value`, not encoded.
fn headers_with(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer a.b-c_d~e+f/g=="));
    headers.insert(PRINCIPAL, HeaderValue::from_str(value).unwrap());
    headers.insert("x-ms-client-principal-idp", HeaderValue::from_static("aad"));
    headers.insert("x-ms-client-principal-id", HeaderValue::from_str(&PERSON.to_string()).unwrap());
    headers.insert("x-ms-client-principal-name", HeaderValue::from_static("any"));
    headers
}

/// Good headers about the caller that these claims name.
fn headers(claims: &[(String, String)]) -> HeaderMap {
    let mut headers = headers_with(&STANDARD.encode(principal(claims).to_string()));
    let named = claims.iter().find(|(name, _)| ["oid", LONG_OID].contains(&name.as_str()));
    if let Some(id) = named.and_then(|(_, id)| HeaderValue::from_str(id).ok()) {
        headers.insert("x-ms-client-principal-id", id);
    }
    headers
}

fn ask(headers: &HeaderMap) -> Result<Caller, &'static str> {
    ask_by(settings(), headers)
}

/// The header alone is checked without waiting for anything.
fn ask_by(settings: IdentitySettings, headers: &HeaderMap) -> Result<Caller, &'static str> {
    let identity = Identity::new(settings).unwrap();
    let caller = identity.authenticate(headers, DateTime::UNIX_EPOCH).now_or_never();
    caller.expect("no server is asked").map_err(|refused| refused.reason())
}

/// How a principal's JSON text is read.
fn ask_text(text: &str) -> Result<Caller, &'static str> {
    ask(&headers_with(&STANDARD.encode(text)))
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::try_from(name).unwrap();
    headers.append(name, HeaderValue::from_str(value).unwrap());
}
