//! The local issuer: real RS256 tokens, its metadata and its key set.

mod claims;
mod key;
mod server;
mod verify;

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use http::{Method, Request, Response, StatusCode, header, uri::Authority};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::{
    claims::{Claims, SignError, TokenOptions},
    key::KeyError,
    server::IssuerServer,
    verify::TokenError,
};
use self::{key::SigningKey, verify::Verifier};
use crate::{
    listener::Body,
    users::{User, Users},
};

const PREFIX: &str = "/_emulator/issuer/";
const METADATA: &str = "/v2.0/.well-known/openid-configuration";
const KEYS: &str = "/discovery/v2.0/keys";

/// The token issuer in place of Entra for the users of one app; clones share the key.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    base_url: String,
    users: Users,
    key: SigningKey,
    verifier: Verifier,
}

impl Issuer {
    /// Opens the issuer whose key is stored in `state`; makes the key the first time. `base_url` is where the metadata
    /// will be found, without a slash at its end; tokens are good only for an issuer opened with the same one.
    ///
    /// # Errors
    /// When the key cannot be made, stored or read.
    pub fn open(state: &Path, base_url: &str, users: &Users) -> Result<Self, KeyError> {
        let key = SigningKey::open(state)?;
        let verifier = Verifier::new(&key);
        Ok(Self(Arc::new(Inner { base_url: base_url.to_owned(), users: users.clone(), key, verifier })))
    }

    /// The directory that this issuer speaks for.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.0.users
    }

    /// The claim `iss` of a tenant's tokens, in the form of
    /// [Entra's v2 tokens](https://learn.microsoft.com/entra/identity-platform/access-tokens).
    #[must_use]
    pub fn url(&self, tenant: Uuid) -> String {
        format!("{}{PREFIX}{tenant}/v2.0", self.0.base_url)
    }

    /// A v2 access token for a user, valid from `now`.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn token(
        &self,
        user: &User,
        options: &TokenOptions,
        now: DateTime<Utc>,
    ) -> Result<String, SignError> {
        self.sign(&json!(Claims::of(&self.0.users, self.url(user.tenant_id), user, options, now)?))
    }

    /// A token with any claims, for tests of code that checks tokens.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn sign(&self, claims: &Value) -> Result<String, SignError> {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": self.0.key.id()});
        let signed = format!("{}.{}", encoded(&header), encoded(claims));
        let signature = self.0.key.sign(signed.as_bytes()).map_err(SignError)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Checks a token as the platform does: algorithm, key, signature, issuer, tenant, audience and times,
    /// these with 60 s of tolerance.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        self.0.verifier.verify(&self.0.users, |tenant| self.url(tenant), token, now)
    }

    /// Answers for the metadata and the key set; none for a path that is not the issuer's. Serves GET only,
    /// and only under a loopback name, so that no page of another site can reach it by a rebound name.
    #[must_use]
    pub fn answer<T>(&self, request: &Request<T>) -> Option<Response<Body>> {
        let path = request.uri().path().strip_prefix(PREFIX)?;
        let document = self.document(path).filter(|_| request.method() == Method::GET && is_local(request));
        Some(document.map_or_else(not_found, |document| json_answer(&document)))
    }

    fn document(&self, path: &str) -> Option<Value> {
        let (tenant, document) = path.split_at_checked(path.find('/')?)?;
        let tenant = Uuid::parse_str(tenant).ok().filter(|tenant| self.0.users.knows_tenant(*tenant))?;
        match document {
            METADATA => Some(json!({
                "issuer": self.url(tenant),
                "jwks_uri": format!("{}{PREFIX}{tenant}{KEYS}", self.0.base_url),
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"],
            })),
            KEYS => Some(json!({"keys": [self.0.key.jwk(&self.url(tenant))]})),
            _ => None,
        }
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("base_url", &self.0.base_url).finish_non_exhaustive()
    }
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn is_local<T>(request: &Request<T>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return false };
    matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]")
}

fn json_answer(document: &Value) -> Response<Body> {
    let mut answer = Response::new(body(document.to_string()));
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer
}

fn not_found() -> Response<Body> {
    let mut answer = Response::new(body(String::new()));
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

fn body(text: String) -> Body {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}
