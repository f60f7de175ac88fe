//! The [principal headers](https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities) that
//! the platform sets.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::issuer::Claims;

const NAME_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// Adds the four headers to what there is. Captures show that `role_typ` names a claim that is not in the list, and so it is
/// here.
pub(super) fn add(headers: &mut HeaderMap, claims: &Claims) {
    let principal =
        json!({"auth_typ": "aad", "name_typ": NAME_CLAIM, "role_typ": ROLE, "claims": mapped(claims)})
            .to_string();
    let display = claims.preferred_username.clone().unwrap_or_else(|| claims.oid.to_string());
    let values = [
        ("x-ms-client-principal", STANDARD.encode(principal)),
        ("x-ms-client-principal-id", claims.oid.to_string()),
        ("x-ms-client-principal-name", display),
        ("x-ms-client-principal-idp", "aad".to_owned()),
    ];
    for (name, value) in values {
        let value = HeaderValue::try_from(value).expect("base64, a GUID and a plain name are visible ASCII");
        headers.append(name, value);
    }
}

/// The legacy claim mapping, the platform's default: all values are strings, several values are several claims.
fn mapped(claims: &Claims) -> Vec<Value> {
    let claims = json!(claims);
    let claims = claims.as_object().into_iter().flatten();
    claims
        .flat_map(|(name, value)| {
            let typ = legacy(name);
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            values.iter().map(move |value| json!({"typ": typ, "val": text(value)}))
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn legacy(claim: &str) -> &str {
    match claim {
        "oid" => "http://schemas.microsoft.com/identity/claims/objectidentifier",
        "tid" => "http://schemas.microsoft.com/identity/claims/tenantid",
        "sub" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "scp" => "http://schemas.microsoft.com/identity/claims/scope",
        unmapped => unmapped,
    }
}
