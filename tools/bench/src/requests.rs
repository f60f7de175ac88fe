//! The requests, as the bytes that the Functions host sends to its worker: the caller's token, the principal that
//! EasyAuth made of it, and the host's own headers.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::json;

use crate::load::Requests;

/// The tenant of every caller, from the users file.
pub(crate) const TENANT: &str = "6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01";
/// Whose orders are read; none are added while they are measured.
pub(crate) const READER: &str = "11111111-0000-4000-8000-000000000001";
/// Who places orders.
pub(crate) const WRITER: &str = "11111111-0000-4000-8000-000000000002";

/// Orders that are there to be read.
pub(crate) const STORED_ORDERS: u32 = 10_000;

/// The body of every new order, in the form of `POST /api/orders`.
pub(crate) const NEW_ORDER: &str = r#"{"reference":"PO-17","currency":"EUR","lines":[{"sku":"ESPRESSO-1KG","quantity":2},{"sku":"CUP-6","quantity":1},{"sku":"FILTER-100","quantity":4}],"note":"ring twice"}"#;

/// What is measured over HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) enum Operation {
    GetOrder,
    ListOrders,
    CreateOrder,
    CreateOrderWithKey,
}

impl Operation {
    pub(crate) const ALL: [Self; 4] =
        [Self::GetOrder, Self::ListOrders, Self::CreateOrder, Self::CreateOrderWithKey];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::GetOrder => "GetOrder",
            Self::ListOrders => "ListOrders",
            Self::CreateOrder => "CreateOrder",
            Self::CreateOrderWithKey => "CreateOrder + key",
        }
    }

    /// The status of every good answer.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::GetOrder | Self::ListOrders => 200,
            Self::CreateOrder | Self::CreateOrderWithKey => 201,
        }
    }

    /// The requests of a client. `run` distinguishes runs, so that no key is used twice.
    pub(crate) fn requests(self, run: u32, client: u32) -> Requests {
        let mut turn = 0_u32;
        let caller = Caller::of(if self.status() == 200 { READER } else { WRITER });
        Box::new(move |request| {
            turn += 1;
            let invocation = format!("{run:08x}-{client:04x}-4000-8000-{turn:012x}");
            match self {
                Self::GetOrder => {
                    // A stride without a common divisor visits every order.
                    let order =
                        (client.wrapping_mul(7919).wrapping_add(turn.wrapping_mul(4801))) % STORED_ORDERS;
                    let path = format!("GET /api/orders/{}", stored_id(order));
                    caller.write(request, &path, &invocation, "", "");
                }
                Self::ListOrders => caller.write(request, "GET /api/orders", &invocation, "", ""),
                Self::CreateOrder => caller.write(request, "POST /api/orders", &invocation, "", NEW_ORDER),
                Self::CreateOrderWithKey => {
                    let key = format!("Idempotency-Key: {invocation}\r\n");
                    caller.write(request, "POST /api/orders", &invocation, &key, NEW_ORDER);
                }
            }
        })
    }
}

/// The type of the claims that are roles.
const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// The id of the order of a number among those that are there to be read.
pub(crate) fn stored_id(number: u32) -> String {
    format!("01000000-0000-7000-8000-{number:012x}")
}

/// Somebody who is signed in.
pub(crate) struct Caller {
    /// The headers that are the same in every request.
    headers: String,
}

impl Caller {
    /// A person of the tenant with the scope and no role.
    pub(crate) fn of(object: &str) -> Self {
        // As long as a token of Entra's; in this identity mode EasyAuth has read it, and the worker does not.
        Self::with_token(object, &"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9".repeat(40))
    }

    /// A person in this role.
    pub(crate) fn in_role(object: &str, role: &str) -> Self {
        Self::with_claims(object, "e30", &[(ROLE, role)])
    }

    /// The same person with this token.
    pub(crate) fn with_token(object: &str, token: &str) -> Self {
        Self::with_claims(object, token, &[])
    }

    fn with_claims(object: &str, token: &str, more: &[(&str, &str)]) -> Self {
        let claims = [
            ("aud", "5f3a9d1c-7e42-4b0a-9a6d-2c8e4f1b7d03"),
            ("iss", "https://login.microsoftonline.com/6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01/v2.0"),
            ("iat", "1735689600"),
            ("nbf", "1735689600"),
            ("exp", "1735693200"),
            ("azp", "c2b5e8f4-0a6d-4e1b-b7c3-9d8f6a2e5b04"),
            ("azpacr", "0"),
            ("name", "buyer"),
            ("preferred_username", "buyer@example.com"),
            ("http://schemas.microsoft.com/identity/claims/objectidentifier", object),
            ("http://schemas.microsoft.com/identity/claims/tenantid", TENANT),
            ("http://schemas.microsoft.com/identity/claims/scope", "Orders.ReadWrite"),
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", object),
            ("uti", "Zm9yIHRoZSBiZW5jaCBvbmx5"),
            ("ver", "2.0"),
        ];
        let claims: Vec<_> =
            claims.iter().chain(more).map(|(typ, val)| json!({"typ": typ, "val": val})).collect();
        let principal = json!({
            "auth_typ": "aad",
            "name_typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "role_typ": ROLE,
            "claims": claims,
        });
        Self::with(&format!(
            "Authorization: Bearer {token}\r\nX-MS-CLIENT-PRINCIPAL: {}\r\nX-MS-CLIENT-PRINCIPAL-ID: {object}\r\n\
             X-MS-CLIENT-PRINCIPAL-NAME: buyer@example.com\r\nX-MS-CLIENT-PRINCIPAL-IDP: aad\r\n",
            STANDARD.encode(principal.to_string()),
        ))
    }

    /// Somebody with these headers, each with its line end.
    pub(crate) fn with(headers: &str) -> Self {
        Self {
            headers: format!(
                "Host: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: bench\r\n\
                 X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n{headers}"
            ),
        }
    }

    /// Writes a request whose first line begins with method and path; `more` are further header lines.
    pub(crate) fn write(&self, request: &mut Vec<u8>, first: &str, invocation: &str, more: &str, body: &str) {
        let content = match body.len() {
            0 => String::new(),
            length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
        };
        let written = write!(
            request,
            "{first} HTTP/1.1\r\n{}X-Azure-Functions-InvocationId: {invocation}\r\n{more}{content}\r\n{body}",
            self.headers,
        );
        written.expect("a vector takes everything");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn sent(requests: &mut Requests) -> String {
        let mut request = Vec::new();
        requests(&mut request);
        String::from_utf8(request).expect("text")
    }

    #[test]
    fn idempotency_keys_are_unique() {
        let mut keys = HashSet::new();
        for (run, client) in [(1, 0), (1, 1), (2, 0)] {
            let mut requests = Operation::CreateOrderWithKey.requests(run, client);
            for _ in 0..3 {
                let request = sent(&mut requests);
                let key = request.lines().find(|line| line.starts_with("Idempotency-Key: "));
                assert!(keys.insert(key.expect("a key").to_owned()), "{request}");
            }
        }
    }

    #[test]
    fn only_existing_orders_are_read() {
        let mut requests = Operation::GetOrder.requests(1, 3);
        let there: HashSet<String> = (0..STORED_ORDERS).map(stored_id).collect();
        let mut read = HashSet::new();
        for _ in 0..500 {
            let request = sent(&mut requests);
            let path = request.split(' ').nth(1).expect("a path");
            let id = path.strip_prefix("/api/orders/").expect("an order").to_owned();
            assert!(there.contains(&id), "{id}");
            read.insert(id);
        }
        assert_eq!(read.len(), 500);
    }

    #[test]
    fn a_request_with_a_body_has_a_content_length() {
        let request = sent(&mut Operation::CreateOrder.requests(1, 0));
        assert!(request.contains(&format!("Content-Length: {}\r\n", NEW_ORDER.len())), "{request}");
        assert!(request.ends_with(&format!("\r\n\r\n{NEW_ORDER}")), "{request}");
    }
}
