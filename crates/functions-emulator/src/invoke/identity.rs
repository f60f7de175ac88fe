//! `Identities` of the envelope.

// The host: docs/reference/host-protocol.md#http-trigger.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access_keys::MatchedKey;

const NAME_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const FUNCTIONS: &str = "http://schemas.microsoft.com/2017/07/functions/claims/";

/// The identities of a call: the principal where the app believes its header, then the key; an anonymous one
/// where there is neither.
pub(crate) fn identities(
    headers: &HeaderMap,
    trusts_principal: bool,
    matched: Option<&MatchedKey>,
) -> Vec<Value> {
    let principal = if trusts_principal { principal(headers) } else { None };
    let found: Vec<Value> = principal.into_iter().chain(matched.map(of_key)).collect();
    if found.is_empty() { vec![identity(None, &[], None, NAME_CLAIM, ROLE)] } else { found }
}

fn of_key(matched: &MatchedKey) -> Value {
    let level = if matched.admin { "Admin" } else { "Function" };
    let claims = [("authlevel", level), ("invoke", "true"), ("keyid", matched.name.as_str())];
    let claims = claims.map(|(kind, value)| claim(&format!("{FUNCTIONS}{kind}"), value));
    identity(Some("WebJobsAuthLevel"), &claims, None, NAME_CLAIM, ROLE)
}

/// `x-ms-client-principal` as App Service Authentication writes it.
#[derive(Deserialize)]
struct Principal {
    auth_typ: String,
    #[serde(default)]
    claims: Vec<Claim>,
    name_typ: Option<String>,
    role_typ: Option<String>,
}

#[derive(Deserialize)]
struct Claim {
    typ: String,
    val: String,
}

fn principal(headers: &HeaderMap) -> Option<Value> {
    let bytes = STANDARD.decode(headers.get("x-ms-client-principal")?).ok()?;
    let principal: Principal = serde_json::from_slice(&bytes).ok()?;
    let name_type = principal.name_typ.as_deref().unwrap_or(NAME_CLAIM);
    let name = principal.claims.iter().find(|claim| claim.typ == name_type).map(|claim| claim.val.as_str());
    let claims: Vec<Value> = principal.claims.iter().map(|one| claim(&one.typ, &one.val)).collect();
    let role_type = principal.role_typ.as_deref().unwrap_or(ROLE);
    Some(identity(Some(&principal.auth_typ), &claims, name, name_type, role_type))
}

fn identity(
    kind: Option<&str>,
    claims: &[Value],
    name: Option<&str>,
    name_type: &str,
    role_type: &str,
) -> Value {
    json!({
        "AuthenticationType": kind,
        "IsAuthenticated": kind.is_some(),
        "Actor": null,
        "BootstrapContext": null,
        "Claims": claims,
        "Label": null,
        "Name": name,
        "NameClaimType": name_type,
        "RoleClaimType": role_type,
    })
}

fn claim(kind: &str, value: &str) -> Value {
    json!({
        "Issuer": "LOCAL AUTHORITY",
        "OriginalIssuer": "LOCAL AUTHORITY",
        "Properties": {},
        "Type": kind,
        "Value": value,
        "ValueType": "http://www.w3.org/2001/XMLSchema#string",
    })
}
