//! Principal headers written by hand, for tests that walk around the front.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

/// The tenant of the people file.
pub(crate) const TENANT: &str = "6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01";
/// Another tenant.
pub(crate) const ABROAD: &str = "b0d4c7a2-91f3-4c8e-8a55-3c1de0a4f902";

/// Claims, in the spelling that they are given in.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) auth_typ: String,
    pub(crate) claims: Vec<(String, String)>,
}

impl Principal {
    /// A user of a tenant, in scope.
    pub(crate) fn user(tenant: &str, object: u8) -> Self {
        Self { auth_typ: "aad".to_owned(), claims: Vec::new() }
            .claim("tid", tenant)
            .claim("oid", &object_id(object))
            .claim("scp", "Orders.ReadWrite")
    }

    /// A program of the tenant.
    pub(crate) fn app(object: u8) -> Self {
        Self { auth_typ: "aad".to_owned(), claims: Vec::new() }
            .claim("tid", TENANT)
            .claim("oid", &object_id(object))
            .claim("idtyp", "app")
    }

    pub(crate) fn claim(mut self, typ: &str, val: &str) -> Self {
        self.claims.push((typ.to_owned(), val.to_owned()));
        self
    }

    /// The same without one claim.
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
}

/// The object id of the people file's person of this number.
pub(crate) fn object_id(number: u8) -> String {
    format!("11111111-0000-4000-8000-0000000000{number:02}")
}
