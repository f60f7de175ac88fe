//! App Service's identity endpoint, as
//! [its documentation](https://learn.microsoft.com/azure/app-service/overview-managed-identity) describes it.

use std::{
    collections::HashMap,
    io,
    net::{self, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use http_body_util::Full;
use hyper::{Request, Response, body::Incoming};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::{
    net::TcpListener,
    sync::{Mutex, MutexGuard},
};

use crate::http::{Reply, Server};

/// The value of `IDENTITY_HEADER`, which proves that a request comes from within the app; only the test knows it.
pub const IDENTITY_HEADER: &str = "0123456789ABCDEF";

/// An identity endpoint on this machine, over plain http as on the platform. It stops when the value is dropped.
#[derive(Debug)]
pub struct IdentityEndpoint {
    server: Server,
    state: Arc<Mutex<EndpointState>>,
}

/// What it grants. While its guard is held, requests wait.
#[derive(Clone, Debug)]
pub struct EndpointState {
    /// The token.
    pub token: String,
    /// How long each grant lives.
    pub lifetime: Duration,
    /// Answers with this status instead.
    pub failure_status: Option<u16>,
    /// Never answers.
    pub hangs: bool,
    /// The queries that were granted.
    pub granted: Vec<HashMap<String, String>>,
    /// How many requests came, granted or not.
    pub requests: usize,
}

impl IdentityEndpoint {
    /// Starts one on a free port, which grants this token for a day.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(token: &str) -> io::Result<Self> {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?, token)
    }

    /// Starts an endpoint on an open listener.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn start_at(listener: net::TcpListener, token: &str) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Self::on(TcpListener::from_std(listener)?, token)
    }

    fn on(listener: TcpListener, token: &str) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(EndpointState {
            token: token.to_owned(),
            lifetime: Duration::from_hours(24),
            failure_status: None,
            hangs: false,
            granted: Vec::new(),
            requests: 0,
        }));
        let shared = Arc::clone(&state);
        let handler = move |request| answer(Arc::clone(&shared), request);
        Ok(Self { server: Server::on(listener, None, handler)?, state })
    }

    /// `IDENTITY_ENDPOINT`, for the app.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/msi/token", self.server.address)
    }

    /// The tokens that the endpoint grants, for tests to read and change.
    pub async fn state(&self) -> MutexGuard<'_, EndpointState> {
        self.state.lock().await
    }
}

async fn answer(state: Arc<Mutex<EndpointState>>, request: Request<Incoming>) -> Reply {
    let mut state = state.lock().await;
    state.requests += 1;
    if state.hangs {
        drop(state);
        return std::future::pending().await;
    }
    let query = query(request.uri().query().unwrap_or_default());
    let proven = request.headers().get("x-identity-header").is_some_and(|value| value == IDENTITY_HEADER);
    let asks_right = request.uri().path() == "/msi/token"
        && query.get("api-version").is_some_and(|version| version == "2019-08-01")
        && query.contains_key("resource");
    let status = match state.failure_status {
        Some(status) => status,
        None if !proven => 401,
        None if !asks_right => 400,
        None => 200,
    };
    if status != 200 {
        return reply(status, &json!({"statusCode": status, "message": "no token for you"}));
    }
    let expires_on = (OffsetDateTime::now_utc() + state.lifetime).unix_timestamp();
    let grant = json!({
        "access_token": state.token, "expires_on": expires_on.to_string(), "resource": query["resource"],
        "token_type": "Bearer", "client_id": query.get("client_id"),
    });
    state.granted.push(query);
    reply(200, &grant)
}

pub(crate) fn reply(status: u16, body: &Value) -> Reply {
    let mut reply = Response::new(Full::new(body.to_string().into()));
    *reply.status_mut() = status.try_into().unwrap_or_default();
    reply
}

/// What comes in here is encoded by clients whose only reserved characters are those of a URL.
fn query(raw: &str) -> HashMap<String, String> {
    let pairs = raw.split('&').filter_map(|pair| pair.split_once('='));
    let decode = |text: &str| text.replace("%3A", ":").replace("%2F", "/");
    pairs.map(|(name, value)| (name.to_owned(), decode(value))).collect()
}
