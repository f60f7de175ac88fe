//! Azure Key Vault, as far as reading a secret goes: the challenge, and then the secret or a refusal.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hyper::{Request, body::Incoming, header::HeaderValue};
use serde_json::{Value, json};

use crate::{
    Issued,
    http::{Reply, Server, Tls},
    identity_endpoint::reply,
};

/// A vault on this machine, behind real TLS. It stops when the value is dropped.
#[derive(Debug)]
pub struct Vault {
    server: Server,
    state: Arc<Mutex<VaultState>>,
}

/// What it holds and how it behaves.
#[derive(Clone, Debug)]
pub struct VaultState {
    /// The secrets, by name.
    pub secrets: HashMap<String, VaultSecret>,
    /// The token that it takes.
    pub token: String,
    /// The resource that tokens must be for.
    pub resource: String,
    /// What it does.
    pub behavior: VaultBehavior,
    /// How many requests came with the right token.
    pub requests: usize,
}

/// How a vault behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VaultBehavior {
    /// As it should.
    Normal,
    /// Answers 429 with this `Retry-After`, in seconds.
    Throttling(u64),
    /// Answers with this status.
    Failing(u16),
    /// Never answers.
    Hanging,
    /// Answers with more than any secret has.
    Oversized,
    /// Answers with what is no secret.
    Invalid,
}

/// One version of a secret.
#[derive(Clone, Debug)]
pub struct VaultSecret {
    /// The secret itself.
    pub value: String,
    /// 32 hexadecimal digits.
    pub version: String,
    /// Whether it may be read.
    pub enabled: bool,
    /// Seconds of the epoch.
    pub activates: Option<i64>,
    /// Seconds of the epoch.
    pub expires: Option<i64>,
    /// The content type that its owner set.
    pub content_type: Option<String>,
}

impl VaultSecret {
    /// An enabled secret with this value and without validity dates.
    #[must_use]
    pub fn new(value: &str) -> Self {
        let version = "4387e9f3d6e14c459867679a90fd0f79".to_owned();
        let value = value.to_owned();
        Self { value, version, enabled: true, activates: None, expires: None, content_type: None }
    }
}

impl Vault {
    /// Starts a vault with this TLS certificate that accepts this token.
    ///
    /// # Errors
    /// When the certificate is none, or no port can be had.
    pub async fn start(certificate: &Issued, token: &str) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(VaultState {
            secrets: HashMap::new(),
            token: token.to_owned(),
            resource: "https://vault.azure.net".to_owned(),
            behavior: VaultBehavior::Normal,
            requests: 0,
        }));
        let shared = Arc::clone(&state);
        let handler = move |request| answer(Arc::clone(&shared), request);
        let tls = Tls { own: certificate, clients: None };
        let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), Some(tls), handler).await?;
        Ok(Self { server, state })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// The secrets and the behavior of the vault, for tests to read and change.
    pub fn state(&self) -> MutexGuard<'_, VaultState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(state: Arc<Mutex<VaultState>>, request: Request<Incoming>) -> Reply {
    let behavior = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = format!("Bearer {}", state.token);
        let header = request.headers().get("authorization");
        if header.is_none_or(|value| value.as_bytes() != expected.as_bytes()) {
            return challenge(&state.resource);
        }
        state.requests += 1;
        state.behavior
    };
    match behavior {
        VaultBehavior::Hanging => std::future::pending().await,
        VaultBehavior::Normal => secret(&state, request.uri().path()),
        VaultBehavior::Failing(status) => refusal(status, "InternalServerError", None),
        VaultBehavior::Throttling(seconds) => {
            let mut reply = refusal(429, "Throttled", None);
            reply.headers_mut().insert("retry-after", HeaderValue::from(seconds));
            reply
        }
        VaultBehavior::Oversized => reply(200, &json!({"value": "x".repeat(1024 * 1024)})),
        VaultBehavior::Invalid => reply(200, &json!({"value": {"hunter2": 1}, "id": 7})),
    }
}

/// The first answer to everybody: which token to come back with.
fn challenge(resource: &str) -> Reply {
    let mut reply = refusal(401, "Unauthorized", None);
    let tenant = "https://login.microsoftonline.com/0b31e8f4-52f2-4e0b-9d3c-6d1f2b9a7c10";
    let challenge = format!("Bearer authorization=\"{tenant}\", resource=\"{resource}\"");
    if let Ok(challenge) = challenge.try_into() {
        reply.headers_mut().insert("www-authenticate", challenge);
    }
    reply
}

fn secret(state: &Mutex<VaultState>, path: &str) -> Reply {
    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let name = path.strip_prefix("/secrets/").unwrap_or_default().trim_end_matches('/');
    let Some(secret) = state.secrets.get(name) else {
        return refusal(404, "SecretNotFound", None);
    };
    if !secret.enabled {
        return refusal(403, "Forbidden", Some("SecretDisabled"));
    }
    let mut attributes = json!({
        "enabled": true, "created": 1_767_225_600, "updated": 1_767_225_660, "recoveryLevel": "Recoverable",
        "recoverableDays": 90,
    });
    attributes["exp"] = secret.expires.into();
    attributes["nbf"] = secret.activates.into();
    let id = format!("https://tests.vault.azure.net/secrets/{name}/{}", secret.version);
    let mut found = json!({"value": secret.value, "id": id, "attributes": attributes, "tags": {}});
    found["contentType"] = secret.content_type.clone().into();
    reply(200, &found)
}

fn refusal(status: u16, code: &str, inner: Option<&str>) -> Reply {
    let inner = inner.map_or(Value::Null, |code| json!({ "code": code }));
    reply(status, &json!({"error": {"code": code, "message": "refused", "innererror": inner}}))
}
