//! The principal that App Service Authentication puts into `X-MS-CLIENT-PRINCIPAL`:
//! `docs/reference/identity.md#easyauth-headers` and `docs/reference/identity.md#trust-in-the-headers`.
//!
//! Only the App Service form is read. The Static Web Apps form is refused: an attacker who could choose between two
//! parsers would choose the weaker one.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use azure_functions_handler::single_header;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    authentication_error::Reason, claims::Claims, principal_cache::PrincipalCache,
    verified_claims::VerifiedClaims,
};
use crate::{json, limits::LIMITS, orders::parse_non_nil_uuid};

const PRINCIPAL: HeaderName = HeaderName::from_static("x-ms-client-principal");
const PROVIDER: HeaderName = HeaderName::from_static("x-ms-client-principal-idp");
/// The caller's id once more. For Entra it is the object id, so with another id the platform did not write it.
const ID: HeaderName = HeaderName::from_static("x-ms-client-principal-id");
/// A display value of the platform. It is never read, but a second one shows that the platform did not write both.
const PRINCIPAL_NAME: HeaderName = HeaderName::from_static("x-ms-client-principal-name");

/// The one provider: Entra, by the platform's name for it.
const ENTRA_PROVIDER: &str = "aad";

/// Longest header value, still encoded, in bytes: `docs/reference/identity.md#evidence-limits`.
const MAX_HEADER_BYTES: usize = LIMITS.credentials.max_header_bytes;
/// Objects and arrays inside each other; the platform's own form needs three.
const MAX_DEPTH: usize = 8;

/// Members of the Static Web Apps form.
const STATIC_WEB_APPS_MEMBERS: [&str; 4] = ["identityProvider", "userId", "userDetails", "userRoles"];

/// The claims that the platform verified. A header with the same bytes as one before is not read a second time; `known`
/// has those that were for this `audience`.
///
/// # Errors
/// Unless the header is there once, in the accepted form, from the accepted provider, names the caller of the
/// platform's other headers, and is for `audience` where one is given.
pub(super) fn read_principal(
    headers: &HeaderMap,
    audience: Option<&str>,
    known: &PrincipalCache,
) -> Result<Arc<VerifiedClaims>, Reason> {
    single(headers, &PRINCIPAL_NAME, Reason::HintRepeated)?;
    let id = single(headers, &ID, Reason::HintRepeated)?;
    if single(headers, &PROVIDER, Reason::HintRepeated)?.is_some_and(|provider| provider != ENTRA_PROVIDER) {
        return Err(Reason::ProviderForeign);
    }
    let encoded = single(headers, &PRINCIPAL, Reason::PrincipalRepeated)?.ok_or(Reason::PrincipalMissing)?;
    if encoded.len() > MAX_HEADER_BYTES {
        return Err(Reason::PrincipalTooLarge);
    }
    let verified = known.get_or_read(encoded.as_bytes(), || read(encoded, audience))?;
    let names_another =
        |id: &HeaderValue| id.to_str().ok().and_then(parse_non_nil_uuid) != Some(verified.object);
    if id.is_some_and(names_another) { Err(Reason::IdDisagrees) } else { Ok(verified) }
}

fn read(encoded: &HeaderValue, audience: Option<&str>) -> Result<VerifiedClaims, Reason> {
    let decoded = STANDARD.decode(encoded).map_err(|_| Reason::PrincipalEncoding)?;
    let text = str::from_utf8(&decoded).map_err(|_| Reason::PrincipalEncoding)?;
    let document = json::parse_strict(text.as_bytes(), MAX_DEPTH).ok_or(Reason::PrincipalMalformed)?;
    let claims = parse_claims(&document)?;
    if audience.is_some_and(|ours| claims.audience() != Some(ours)) {
        return Err(Reason::AudienceForeign);
    }
    claims.verified_claims()
}

fn single<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    repeated: Reason,
) -> Result<Option<&'h HeaderValue>, Reason> {
    single_header(headers, name).map_err(|_| repeated)
}

/// Members that the platform may add some day are ignored; `name_typ` and `role_typ` too, for they may name
/// claims that are not there.
fn parse_claims(document: &Value) -> Result<Claims<'_>, Reason> {
    if STATIC_WEB_APPS_MEMBERS.iter().any(|member| document.get(member).is_some()) {
        return Err(Reason::PrincipalForm);
    }
    let provider = document.get("auth_typ").and_then(Value::as_str).ok_or(Reason::PrincipalForm)?;
    if provider != ENTRA_PROVIDER {
        return Err(Reason::ProviderForeign);
    }
    let claims = document.get("claims").and_then(Value::as_array).ok_or(Reason::PrincipalForm)?;
    let claims = claims.iter().map(|claim| {
        let member = |name| claim.get(name).and_then(Value::as_str);
        Some((member("typ")?, member("val")?))
    });
    Claims::new(claims.collect::<Option<_>>().ok_or(Reason::PrincipalForm)?)
}
