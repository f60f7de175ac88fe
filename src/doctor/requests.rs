//! Requests to a deployment, and which layer answers them.

use std::{env, time::Duration};

use reqwest::{Client, Method, RequestBuilder, Response};

use crate::{
    https::{self, Roots, Schemes},
    secret::Secret,
};

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Longer than any answer to these calls.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The credentials of a real caller. The token is that of a person without the role `OrderAdmin`, or of a program that
/// processes orders.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// `DOCTOR_TOKEN`: a bearer token that the deployment accepts.
    pub token: Option<Secret>,
    /// `DOCTOR_FUNCTION_KEY`: for a deployment without a gateway, which would add it.
    pub function_key: Option<Secret>,
    /// `DOCTOR_SUBSCRIPTION_KEY`: for a gateway that asks for one.
    pub subscription_key: Option<Secret>,
}

impl Credentials {
    /// Reads the credentials from the environment, so that no process list shows them.
    #[must_use]
    pub fn from_env() -> Self {
        let secret = |name: &str| env::var(name).ok().filter(|text| !text.is_empty()).map(Secret::new);
        Self {
            token: secret("DOCTOR_TOKEN"),
            function_key: secret("DOCTOR_FUNCTION_KEY"),
            subscription_key: secret("DOCTOR_SUBSCRIPTION_KEY"),
        }
    }
}

/// Who answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layer {
    Worker,
    EasyAuth,
    Gateway,
    Network,
    Host,
}

impl Layer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Worker => "the worker",
            Self::EasyAuth => "App Service Authentication",
            Self::Gateway => "the gateway",
            Self::Network => "the network's rules",
            Self::Host => "the host or the front end before it",
        }
    }
}

/// The parts of an answer that the rules look at.
#[derive(Eq, PartialEq)]
pub(super) struct ProbeResponse {
    pub(super) status: u16,
    pub(super) layer: Layer,
}

/// What every caller may ask for: their own orders.
pub(super) const OWN_ORDERS: &str = "/api/orders?limit=1";
/// What a program that processes orders may ask for: all orders, because it owns none.
pub(super) const ALL_ORDERS: &str = "/api/orders?scope=all&limit=1";
/// The id that the forged headers claim; no tenant has it.
pub(super) const UNKNOWN_ID: &str = "00000000-0000-4000-8000-00000000d0c7";

/// A deployment, and the credentials to call it with.
pub(super) struct RemoteTarget<'a> {
    pub(super) client: Client,
    pub(super) url: &'a str,
    pub(super) credentials: &'a Credentials,
}

/// The header of a function key.
pub(super) const FUNCTION_KEY: &str = "x-functions-key";
/// The header of a gateway's subscription key.
pub(super) const SUBSCRIPTION_KEY: &str = "ocp-apim-subscription-key";

impl RemoteTarget<'_> {
    /// A call with everything but a token.
    pub(super) fn call(&self, path: &str) -> RequestBuilder {
        self.with_keys(Method::GET, path, |_| true)
    }

    /// A request with token and keys.
    pub(super) fn authenticated(&self, path: &str) -> RequestBuilder {
        self.authenticated_request(Method::GET, path)
    }

    /// An authenticated request with another method, and no body.
    pub(super) fn authenticated_request(&self, method: Method, path: &str) -> RequestBuilder {
        self.with_token(self.with_keys(method, path, |_| true))
    }

    /// An authenticated request without the key of this header; `None` if there is no such key.
    pub(super) fn authenticated_without_key(&self, header: &str, path: &str) -> Option<RequestBuilder> {
        let there = self.keys().any(|(name, _)| name == header);
        there.then(|| self.with_token(self.with_keys(Method::GET, path, |name| name != header)))
    }

    fn keys(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        let Credentials { function_key, subscription_key, .. } = self.credentials;
        let keys = [(FUNCTION_KEY, function_key), (SUBSCRIPTION_KEY, subscription_key)];
        keys.into_iter().filter_map(|(name, key)| Some((name, key.as_ref()?)))
    }

    fn with_keys(&self, method: Method, path: &str, wanted: impl Fn(&str) -> bool) -> RequestBuilder {
        let call = self.client.request(method, format!("{}{path}", self.url));
        let keys = self.keys().filter(|(name, _)| wanted(name));
        keys.fold(call, |call, (name, key)| call.header(name, key.expose()))
    }

    fn with_token(&self, call: RequestBuilder) -> RequestBuilder {
        match &self.credentials.token {
            Some(token) => call.bearer_auth(token.expose()),
            None => call,
        }
    }

    /// The path that the caller may read, and the response: own orders for a user, all orders for an app.
    pub(super) async fn authenticated_response(&self) -> (&'static str, Option<ProbeResponse>) {
        match send(self.authenticated(OWN_ORDERS)).await {
            Some(ProbeResponse { status: 403, layer: Layer::Worker }) => {
                (ALL_ORDERS, send(self.authenticated(ALL_ORDERS)).await)
            }
            answer => (OWN_ORDERS, answer),
        }
    }
}

/// An HTTP client for this address; `None` if the address must not be called.
pub(super) fn client(url: &str) -> Option<Client> {
    let parsed = reqwest::Url::parse(url).ok()?;
    let schemes = match parsed.scheme() {
        "https" => Schemes::HttpsOnly,
        "http" if https::is_loopback(&parsed) => Schemes::HttpsAndHttp,
        _ => return None,
    };
    https::client(Roots::Public, schemes, TIMEOUT).ok()
}

/// Sends a request; `None` if no answer came.
pub(super) async fn send(call: RequestBuilder) -> Option<ProbeResponse> {
    let answer = call.send().await.ok()?;
    let status = answer.status().as_u16();
    let layer = responding_layer(answer).await;
    Some(ProbeResponse { status, layer })
}

/// Each layer refuses in its own way (`docs/reference/api.md#statuses-of-other-layers`): the worker with its problem
/// types, access restrictions with their header, a gateway with JSON with `statusCode`, EasyAuth with a challenge and
/// no problem.
async fn responding_layer(answer: Response) -> Layer {
    let headers = answer.headers().clone();
    let body = https::read_body(answer, MAX_BODY_BYTES).await.unwrap_or_default();
    let json: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
    let text = |name: &str| json.as_ref().and_then(|json| json.get(name)?.as_str());
    if text("type").is_some_and(|slug| slug.starts_with("urn:orders:problem:")) {
        return Layer::Worker;
    }
    if headers.contains_key("x-ms-forbidden-ip") {
        return Layer::Network;
    }
    let is_gateways =
        json.as_ref().is_some_and(|json| json.get("statusCode").is_some() && json.get("message").is_some());
    if is_gateways {
        return Layer::Gateway;
    }
    if headers.contains_key("www-authenticate") || headers.contains_key("x-ms-middleware-request-id") {
        return Layer::EasyAuth;
    }
    Layer::Host
}
