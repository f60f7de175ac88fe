//! Tokens, good and forged, against a real issuer. `j01` to `j21` are the rows of
//! `docs/reference/identity.md#token-attacks`.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};

use super::{
    issuer::{ATTACKER, FIRST, SECOND, Says, TestIssuer, TestKey},
    *,
};
use crate::{
    identity::{TokenAuthority, TokenSettings},
    policy::{Action, Permit, PlaceOrder, QueueOrder},
    problem::Problem,
};

mod claims;
mod modes;
mod form;
mod jwks;
mod outage;
mod signature;
mod tls;
mod waiting;

/// The time of all tests; each moves on from here as it needs.
static NOW: LazyLock<DateTime<Utc>> = LazyLock::new(|| DateTime::from_timestamp(1_800_000_000, 0).unwrap());

const AUDIENCE: &str = "5f3a9d1c-7e42-4b0a-9a6d-2c8e4f1b7d03";

fn after(seconds: i64) -> DateTime<Utc> {
    *NOW + TimeDelta::seconds(seconds)
}

fn encoded(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// A token of these two texts, whatever they are, signed by a key as RS256.
fn signed(header: &str, payload: &str, key: &TestKey) -> String {
    let message = format!("{}.{}", encoded(header), encoded(payload));
    format!("{message}.{}", encoded(key.sign(message.as_bytes())))
}

fn good_header() -> Value {
    json!({"typ": "JWT", "alg": "RS256", "kid": FIRST.id})
}

/// An issuer and a worker that knows it.
struct World {
    issuer: TestIssuer,
    identity: Identity,
}

impl World {
    /// Tokens alone say who is calling.
    async fn new() -> Self {
        Self::with(IdentityMode::Jwt, None).await
    }

    async fn with(mode: fn(TokenSettings) -> IdentityMode, allowed: Option<&[Uuid]>) -> Self {
        let issuer = TestIssuer::start().await;
        let identity = worker(&issuer, mode, allowed);
        Self { issuer, identity }
    }

    /// A worker that has asked for no key yet.
    fn restart(&mut self) {
        self.identity = worker(&self.issuer, IdentityMode::Jwt, None);
    }

    /// Resolves when no fetch of the issuer's keys runs.
    async fn fetch_finished(&self) {
        self.identity.tokens().expect("tokens are judged").fetch_finished().await;
    }

    /// A person in scope, without roles.
    fn claims(&self) -> Value {
        let now = NOW.timestamp();
        json!({
            "aud": AUDIENCE, "iss": self.issuer.name(), "iat": now - 300, "nbf": now - 300, "exp": now + 3600,
            "azp": CLIENT, "azpacr": "0", "oid": PERSON, "tid": TENANT, "sub": "pairwise",
            "scp": "Orders.ReadWrite", "uti": "x", "ver": "2.0",
        })
    }

    fn good(&self) -> String {
        self.claiming(&json!({}))
    }

    /// The good token with other claims; null removes one.
    fn claiming(&self, changes: &Value) -> String {
        signed(&good_header().to_string(), &changed(self.claims(), changes).to_string(), &FIRST)
    }

    /// The good token with other members in its header.
    fn heading(&self, changes: &Value, key: &TestKey) -> String {
        signed(&changed(good_header(), changes).to_string(), &self.claims().to_string(), key)
    }

    /// The answer to a request to place an order with this token: its status, and the reason.
    async fn asks(&self, token: &str) -> (u16, &'static str) {
        self.asks_at(token, *NOW).await
    }

    async fn asks_at(&self, token: &str, now: DateTime<Utc>) -> (u16, &'static str) {
        self.does::<PlaceOrder>(&bearing(token), now).await
    }

    async fn does<A: Action>(&self, headers: &HeaderMap, now: DateTime<Utc>) -> (u16, &'static str) {
        let (problem, reason) = match self.identity.authenticate(headers, now).await {
            Err(refused) => (Problem::from(refused), refused.reason()),
            Ok(caller) => match caller.permit::<A>() {
                Ok(Permit { .. }) => return (200, ""),
                Err(denied) => (Problem::from(denied), "denied"),
            },
        };
        (problem.status().as_u16(), reason)
    }
}

fn worker(
    issuer: &TestIssuer,
    mode: fn(TokenSettings) -> IdentityMode,
    allowed: Option<&[Uuid]>,
) -> Identity {
    Identity::new(demands(issuer, mode, allowed)).unwrap()
}

/// The settings of a worker that knows this issuer.
fn demands(
    issuer: &TestIssuer,
    mode: fn(TokenSettings) -> IdentityMode,
    allowed: Option<&[Uuid]>,
) -> IdentitySettings {
    let authority = TokenAuthority::parse(&issuer.url).unwrap();
    let tokens = TokenSettings { tenant: TENANT, audience: AUDIENCE.to_owned(), authority };
    let allowed_clients = allowed.map(<[Uuid]>::to_vec);
    let mode = mode(tokens);
    IdentitySettings { mode, tenant: Some(TENANT), allowed_clients, ..settings() }
}

fn changed(mut document: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            document.as_object_mut().unwrap().remove(name);
        } else {
            document[name] = value.clone();
        }
    }
    document
}

fn bearing(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
    headers
}

#[tokio::test]
async fn a_good_token_is_let_in() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    let caller = world.identity.authenticate(&bearing(&world.good()), *NOW).await.unwrap();
    assert_eq!((caller.tenant, caller.object), (TENANT, PERSON));
    let staff = world.claiming(&json!({"roles": ["Reader", "OrderProcessor"]}));
    assert_eq!(world.does::<QueueOrder>(&bearing(&staff), *NOW).await, (200, ""));
}
