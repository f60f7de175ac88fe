//! Principals written by hand, as header and as token, for tests that bypass EasyAuth.

use base64::{Engine, engine::general_purpose::STANDARD};
use functions_emulator::issuer::Issuer;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The tenant of the users file.
pub(crate) const TENANT: &str = "6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01";
/// Another tenant.
pub(crate) const ABROAD: &str = "b0d4c7a2-91f3-4c8e-8a55-3c1de0a4f902";

/// The client of the users file.
const CLIENT: &str = "c2b5e8f4-0a6d-4e1b-b7c3-9d8f6a2e5b04";

/// Claims, in the spelling that they are given in.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) auth_typ: String,
    pub(crate) claims: Vec<(String, String)>,
}

impl Principal {
    /// A user of a tenant, in scope.
    pub(crate) fn user(tenant: &str, object: u8) -> Self {
        Self::bare().claim("tid", tenant).claim("oid", &object_id(object)).claim("scp", "Orders.ReadWrite")
    }

    /// A program of the tenant.
    pub(crate) fn app(object: u8) -> Self {
        Self::app_of(TENANT, object)
    }

    /// A program of a tenant.
    pub(crate) fn app_of(tenant: &str, object: u8) -> Self {
        Self::bare().claim("tid", tenant).claim("oid", &object_id(object)).claim("idtyp", "app")
    }

    /// No claim about the person, through the client of the users file.
    fn bare() -> Self {
        Self { auth_typ: "aad".to_owned(), claims: Vec::new() }.claim("azp", CLIENT)
    }

    pub(crate) fn claim(mut self, typ: &str, val: &str) -> Self {
        self.claims.push((typ.to_owned(), val.to_owned()));
        self
    }

    /// This principal without one claim.
    pub(crate) fn without(mut self, typ: &str) -> Self {
        self.claims.retain(|(known, _)| known != typ);
        self
    }

    pub(crate) fn role(self, role: &str) -> Self {
        self.claim("roles", role)
    }

    pub(crate) fn header(&self) -> String {
        let claims: Vec<_> = self.claims.iter().map(|(typ, val)| json!({"typ": typ, "val": val})).collect();
        let principal =
            json!({"auth_typ": self.auth_typ, "name_typ": "name", "role_typ": "roles", "claims": claims});
        STANDARD.encode(principal.to_string())
    }

    /// The token that the platform would have made this header of, issued at the second `from` since 1970.
    pub(crate) fn token(&self, issuer: &Issuer, from: i64) -> String {
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| {
            claims.entry(name).or_insert(value);
        };
        for (name, value) in self.claims.iter().filter(|(name, _)| name != "roles") {
            put(name, json!(value));
        }
        let roles: Vec<_> =
            self.claims.iter().filter(|(name, _)| name == "roles").map(|(_, role)| role).collect();
        put("roles", json!(roles));
        let tenant =
            self.claims.iter().find_map(|(name, id)| (name == "tid").then(|| id.parse::<Uuid>().ok())?);
        put("iss", json!(issuer.url(tenant.unwrap_or_default())));
        put("aud", json!(issuer.users().audience()));
        put("iat", json!(from));
        put("nbf", json!(from));
        put("exp", json!(from + 3600));
        put("ver", json!("2.0"));
        issuer.sign(&claims.into()).expect("the issuer signs")
    }
}

/// The object id of the users file's person of this number.
pub(crate) fn object_id(number: u8) -> String {
    format!("11111111-0000-4000-8000-0000000000{number:02}")
}
