//! A real issuer on the loopback address, with real keys, that can be told to misbehave.

use std::{
    future,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex},
};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair},
};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::TENANT;

/// An RSA key pair with its id.
pub(super) struct TestKey {
    pub(super) id: &'static str,
    pair: RsaKeyPair,
}

/// The key that signs, the one that replaces it, and one that the issuer never had. The ids contain every character
/// that Entra's key ids may have.
pub(super) static FIRST: LazyLock<TestKey> = LazyLock::new(|| TestKey::new("first_key-1"));
pub(super) static SECOND: LazyLock<TestKey> = LazyLock::new(|| TestKey::new("second_key-2"));
pub(super) static ATTACKER: LazyLock<TestKey> = LazyLock::new(|| TestKey::new("attacker"));

impl TestKey {
    fn new(id: &'static str) -> Self {
        Self { id, pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap() }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_as(&RSA_PKCS1_SHA256, message)
    }

    pub(super) fn sign_as(&self, algorithm: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(algorithm, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    pub(super) fn modulus(&self) -> Vec<u8> {
        PublicKeyComponents::<Vec<u8>>::from(self.pair.public_key()).n
    }

    /// Its public half in the two binary forms that are published.
    pub(super) fn der(&self) -> [Vec<u8>; 2] {
        [self.pair.public_key().as_ref().to_vec(), self.pair.public_key().as_der().unwrap().as_ref().to_vec()]
    }

    pub(super) fn jwk(&self) -> Value {
        let n = URL_SAFE_NO_PAD.encode(self.modulus());
        json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": n, "e": "AQAB"})
    }
}

/// What the issuer says at one of its addresses.
#[derive(Clone)]
pub(super) enum Says {
    Json(Value),
    Text(String),
    Status(u16),
    Redirect(String),
    /// Takes the request and never answers.
    Nothing,
    /// Begins an answer and never ends it.
    Half,
}

struct Script {
    metadata: Says,
    keys: Says,
    asked: Vec<String>,
}

/// The issuer; it ends with its test's runtime.
pub(super) struct TestIssuer {
    pub(super) url: String,
    script: Arc<Mutex<Script>>,
}

impl TestIssuer {
    /// One that has the first key.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/directory", listener.local_addr().unwrap());
        let metadata = json!({"issuer": issuer(&url), "jwks_uri": format!("{url}/keys"), "other": [1]});
        let keys = Says::Json(json!({"keys": [FIRST.jwk()]}));
        let script = Script { metadata: Says::Json(metadata), keys, asked: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, script }
    }

    /// The same issuer, reached through this TLS proxy from now on.
    pub(super) fn behind(self, front: &test_servers::TlsProxy) -> Self {
        let url = format!("https://127.0.0.1:{}/directory", front.port());
        self.say_metadata(Says::Json(json!({"issuer": issuer(&url), "jwks_uri": format!("{url}/keys")})));
        Self { url, ..self }
    }

    /// Where it listens, not its proxy.
    pub(super) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").trim_end_matches("/directory").parse().unwrap()
    }

    /// The claim `iss` of its tokens.
    pub(super) fn name(&self) -> String {
        issuer(&self.url)
    }

    pub(super) fn keys(&self, keys: &[Value]) {
        self.say_keys(Says::Json(json!({ "keys": keys })));
    }

    pub(super) fn say_keys(&self, says: Says) {
        self.script.lock().unwrap().keys = says;
    }

    pub(super) fn say_metadata(&self, says: Says) {
        self.script.lock().unwrap().metadata = says;
    }

    /// The paths that were asked for so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.script.lock().unwrap().asked.clone()
    }

    /// How often the metadata were asked for.
    pub(super) fn times(&self) -> usize {
        self.asked().iter().filter(|path| path.ends_with("/openid-configuration")).count()
    }
}

fn issuer(url: &str) -> String {
    format!("{url}/{TENANT}/v2.0")
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, uri: Uri) -> Response {
    let says = {
        let mut script = script.lock().unwrap();
        script.asked.push(uri.path().to_owned());
        if uri.path() == format!("/directory/{TENANT}/v2.0/.well-known/openid-configuration") {
            script.metadata.clone()
        } else if uri.path() == "/directory/keys" {
            script.keys.clone()
        } else {
            Says::Status(404)
        }
    };
    match says {
        Says::Json(document) => document.to_string().into_response(),
        Says::Text(text) => text.into_response(),
        Says::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Says::Redirect(to) => {
            let mut headers = HeaderMap::new();
            headers.insert("location", to.parse().unwrap());
            (StatusCode::FOUND, headers).into_response()
        }
        Says::Nothing => future::pending().await,
        Says::Half => Body::from_stream(futures_util::stream::pending::<Result<String, std::io::Error>>())
            .into_response(),
    }
}
