//! The requests, with the headers that EasyAuth and the Functions host add.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

pub(super) const TENANT: &str = "6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01";
const OBJECT: &str = "11111111-0000-4000-8000-000000000001";
const CLAIM: &str = "http://schemas.microsoft.com/identity/claims/";
const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

pub(super) const PRODUCTS: [&str; 3] = ["ESPRESSO-1KG", "CUP-6", "FILTER-100"];
pub(super) const NEW_ORDER: &str = r#"{"reference":"PO-17","currency":"EUR","lines":[{"sku":"ESPRESSO-1KG","quantity":2},{"sku":"CUP-6","quantity":1},{"sku":"FILTER-100","quantity":4}],"note":"ring twice"}"#;

/// Somebody who is signed in.
pub(super) struct Caller {
    /// Those that are the same in every request.
    headers: String,
}

impl Caller {
    pub(super) fn buyer() -> Self {
        Self::with_role(None)
    }

    pub(super) fn administrator() -> Self {
        Self::with_role(Some("OrderAdmin"))
    }

    /// With as many claims, and a token as long, as Entra gives.
    fn with_role(role: Option<&str>) -> Self {
        let (object, tenant, scope) =
            (format!("{CLAIM}objectidentifier"), format!("{CLAIM}tenantid"), format!("{CLAIM}scope"));
        let subject = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
        let mut claims = vec![
            ("aud", "5f3a9d1c-7e42-4b0a-9a6d-2c8e4f1b7d03"),
            ("iss", "https://login.microsoftonline.com/6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01/v2.0"),
            ("iat", "1735689600"),
            ("nbf", "1735689600"),
            ("exp", "1735693200"),
            ("azp", "c2b5e8f4-0a6d-4e1b-b7c3-9d8f6a2e5b04"),
            ("azpacr", "0"),
            ("name", "buyer"),
            ("preferred_username", "buyer@example.com"),
            (&object, OBJECT),
            (&tenant, TENANT),
            (&scope, "Orders.ReadWrite"),
            (subject, OBJECT),
            ("uti", "Zm9yIHRoZSBjb3VudCBvbmx5"),
            ("ver", "2.0"),
        ];
        claims.extend(role.map(|role| (ROLE, role)));
        let claims: Vec<_> = claims.iter().map(|(typ, val)| json!({"typ": typ, "val": val})).collect();
        let principal = json!({
            "auth_typ": "aad",
            "name_typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "role_typ": ROLE,
            "claims": claims,
        });
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9".repeat(40);
        let headers = format!(
            "Host: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: xtask\r\nX-Forwarded-For: 203.0.113.7\r\n\
             X-Forwarded-Proto: https\r\nAuthorization: Bearer {token}\r\nX-MS-CLIENT-PRINCIPAL: {}\r\n\
             X-MS-CLIENT-PRINCIPAL-ID: {OBJECT}\r\nX-MS-CLIENT-PRINCIPAL-NAME: buyer@example.com\r\n\
             X-MS-CLIENT-PRINCIPAL-IDP: aad\r\n",
            STANDARD.encode(principal.to_string()),
        );
        Self { headers }
    }

    /// A request with an invocation id that no other has; `more` are further header lines.
    pub(super) fn request(&self, method: &str, path: &str, more: &str, body: &str) -> Vec<u8> {
        static INVOCATIONS: AtomicU32 = AtomicU32::new(0);
        let invocation = INVOCATIONS.fetch_add(1, Relaxed);
        let content = match body.len() {
            0 => String::new(),
            length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
        };
        let Self { headers } = self;
        format!(
            "{method} {path} HTTP/1.1\r\n{headers}X-Azure-Functions-InvocationId: \
             00000000-0000-4000-8000-{invocation:012x}\r\n{more}{content}\r\n{body}"
        )
        .into_bytes()
    }
}
