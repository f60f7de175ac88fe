//! Calls an app in every way in which the Functions host does, without a host.

mod frame;
mod mode;
mod rewrite;

use std::sync::Arc;

use axum_core::{body::Body, extract::Request, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use mode::InvocationMode;

use crate::{FunctionApp, app::AppState, connection::Respond, endpoint::BoundFunction, function::Kind};

/// The port that calls name in `Host`, as the Functions host does.
const PORT: u16 = 7071;

/// An app in process, called as the Functions host calls it.
///
/// ```
/// use azure_functions_handler::{Functions, InvocationMode, Path, TestApp, get};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// async fn hello(Path(name): Path<String>) -> String {
///     format!("Hello, {name}!")
/// }
///
/// let functions = Functions::<()>::new().http("Hello", get("hello/{name}"), hello);
/// let app = TestApp::new(functions.all().unwrap().with_state(()));
/// for mode in InvocationMode::ALL {
///     let request = http::Request::get("/api/hello/Ada").body(String::new()).unwrap();
///     assert_eq!(app.http(mode, request).await.text(), "Hello, Ada!");
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct TestApp {
    state: Arc<AppState>,
}

/// The response to the caller of an HTTP function, and the values of the other outputs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers that the handler set.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Outputs and logs.
    pub outcome: TestOutcome,
}

/// The outcome that an invocation reports to the host.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TestOutcome {
    /// Whether the invocation succeeded; if not, a message is delivered again.
    pub succeeded: bool,
    /// The values of the outputs, as in the envelope.
    pub outputs: Map<String, Value>,
    /// Lines for the host's log.
    pub logs: Vec<String>,
}

impl TestApp {
    /// Makes an app callable.
    #[must_use]
    pub fn new(app: FunctionApp) -> Self {
        Self { state: Arc::new(app.into_state(PORT)) }
    }

    /// Calls an HTTP function as a caller of the Functions host. The path has the route prefix. Keys are not checked. As the
    /// host does, a function that has other outputs is called with an envelope in every mode, a request that matches no
    /// function never reaches the app, and the path, the query and repeated headers arrive as each mode changes them. `Metadata` lacks the
    /// members of a JSON body, which the host adds.
    ///
    /// # Panics
    /// When no host would understand the app's answer.
    pub async fn http<B: Into<Body>>(&self, mode: InvocationMode, request: http::Request<B>) -> TestResponse {
        let (mut parts, body) = request.into_parts();
        let body: Body = body.into();
        let Some(path) = rewrite::decoded(parts.uri.path()) else {
            return TestResponse::from_host(StatusCode::BAD_REQUEST);
        };
        let routed = rewrite::proxied(&path);
        let found = self.state.find(&parts.method, &routed).filter(|_| !routed.contains("//"));
        let Some((function, params)) = found else { return TestResponse::from_host(StatusCode::NOT_FOUND) };
        let mode = if function.outputs.is_empty() { mode } else { InvocationMode::Envelope };
        let Some(target) = rewrite::target(mode, &path, parts.uri.query()) else {
            return TestResponse::from_host(StatusCode::INTERNAL_SERVER_ERROR);
        };
        parts.uri = target;
        if mode == InvocationMode::Envelope {
            let body = read_body(body).await;
            let envelope = frame::http(function, &parts, &params, &body);
            return self.invoke(function.name, &envelope).await.into_response();
        }
        let body = match mode {
            InvocationMode::Forward => Body::from(read_body(body).await),
            _ => body,
        };
        parts.headers = rewrite::headers(mode, &parts.headers);
        let mut request = Request::from_parts(parts, body);
        frame::add_host_headers(request.headers_mut());
        let (parts, body) = Arc::clone(&self.state).respond(request).await.into_parts();
        let outcome = TestOutcome { succeeded: true, ..TestOutcome::default() };
        TestResponse { status: parts.status, headers: parts.headers, body: read_body(body).await, outcome }
    }

    /// Delivers a message to a queue function.
    ///
    /// # Panics
    /// When there is no such queue function, or no host would understand the app's answer.
    pub async fn queue(&self, function: &str, message: impl Into<Bytes>) -> TestOutcome {
        let function = self.function(function, |kind| matches!(kind, Kind::Queue(_)));
        let envelope = frame::queue(function, &message.into());
        self.invoke(function.name, &envelope).await.outcome
    }

    /// Lets a timer function run.
    ///
    /// # Panics
    /// When there is no such timer function, or no host would understand the app's answer.
    pub async fn timer(&self, function: &str) -> TestOutcome {
        let function = self.function(function, |kind| matches!(kind, Kind::Timer(_)));
        self.invoke(function.name, &frame::timer(function)).await.outcome
    }

    /// Starts a function with another trigger, with the value of the trigger in `Data` and with `Metadata`.
    ///
    /// # Panics
    /// When there is no such function, or no host would understand the app's answer.
    pub async fn other(&self, function: &str, data: Value, metadata: Map<String, Value>) -> TestOutcome {
        let function = self.function(function, |kind| matches!(kind, Kind::Other(_)));
        let envelope = frame::envelope(function, &data, metadata);
        self.invoke(function.name, &envelope).await.outcome
    }

    /// Sends an envelope to a function, unchanged.
    ///
    /// # Panics
    /// When there is no such function, or no host would understand the app's answer.
    pub async fn envelope(&self, function: &str, envelope: &Value) -> TestOutcome {
        let function = self.function(function, |_| true);
        self.invoke(function.name, envelope).await.outcome
    }

    fn function(&self, name: &str, is_right: impl Fn(&Kind) -> bool) -> &BoundFunction {
        let found = self.state.app.functions.iter().find(|function| function.name == name);
        let found = found.filter(|function| is_right(&function.kind));
        found.unwrap_or_else(|| panic!("no function `{name}` with such a trigger is served"))
    }

    async fn invoke(&self, function: &str, envelope: &Value) -> EnvelopeResponse {
        let mut request = Request::new(Body::from(envelope.to_string()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = format!("/{function}").parse().expect("a function's name makes a path");
        let headers = request.headers_mut();
        let host = HeaderValue::try_from(format!("127.0.0.1:{PORT}")).expect("a host and a port");
        headers.insert(http::header::HOST, host);
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(http::header::CONTENT_TYPE, kind);
        frame::add_host_headers(headers);
        EnvelopeResponse::read(Arc::clone(&self.state).respond(request).await).await
    }
}

/// The app's answer to an envelope.
struct EnvelopeResponse {
    answer: Option<Value>,
    outcome: TestOutcome,
}

impl EnvelopeResponse {
    async fn read(response: Response) -> Self {
        if !response.status().is_success() {
            return Self { answer: None, outcome: TestOutcome::default() };
        }
        let body = read_body(response.into_body()).await;
        let Ok(Value::Object(mut envelope)) = serde_json::from_slice(&body) else {
            panic!("an answer to an envelope must be a JSON object, not {body:?}");
        };
        let Some(Value::Object(mut outputs)) = envelope.remove("Outputs") else {
            panic!("an answer to an envelope must have the object `Outputs`");
        };
        let answer = outputs.remove("res");
        let logs = envelope.remove("Logs").map(serde_json::from_value).transpose();
        let logs = logs.expect("`Logs` are a list of lines").unwrap_or_default();
        Self { answer, outcome: TestOutcome { succeeded: true, outputs, logs } }
    }

    /// The response that the host makes of this answer for its caller.
    fn into_response(self) -> TestResponse {
        let Self { answer, outcome } = self;
        let Some(answer) = answer else {
            return TestResponse { outcome, ..TestResponse::from_host(StatusCode::INTERNAL_SERVER_ERROR) };
        };
        let status = answer["statusCode"].as_u64().and_then(|code| u16::try_from(code).ok());
        let status = status.and_then(|code| StatusCode::from_u16(code).ok()).expect("a status");
        let header = |(name, value): (&String, &Value)| {
            let value = value.as_str().expect("a header's value is text");
            let name: HeaderName = name.parse().expect("a header's name");
            (name, HeaderValue::try_from(value).expect("a header's value"))
        };
        let headers = answer["headers"].as_object().expect("headers").iter().map(header).collect();
        let body = Bytes::from(answer["body"].as_str().expect("a body is text").to_owned());
        TestResponse { status, headers, body, outcome }
    }
}

impl TestResponse {
    /// An answer that the host gives without calling the app.
    fn from_host(status: StatusCode) -> Self {
        let outcome = TestOutcome::default();
        Self { status, headers: HeaderMap::new(), body: Bytes::new(), outcome }
    }

    /// The body as text.
    ///
    /// # Panics
    /// When the body is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When the body is something else.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).expect("the body is the JSON that is expected")
    }
}

impl TestOutcome {
    /// The messages that lie in the queue of an output, as the host puts them there.
    ///
    /// # Panics
    /// When the host could make no messages of the output's value.
    #[must_use]
    pub fn messages(&self, binding: &str) -> Vec<Bytes> {
        match self.outputs.get(binding) {
            None => Vec::new(),
            Some(Value::String(one)) => {
                vec![STANDARD.decode(one).map_or_else(|_| Bytes::from(one.clone()), Bytes::from)]
            }
            Some(Value::Array(several)) => several
                .iter()
                .map(|one| Bytes::from(one.as_str().expect("a message is text").to_owned()))
                .collect(),
            Some(other) => panic!("messages are text or a list of texts, not {other}"),
        }
    }
}

async fn read_body(body: Body) -> Bytes {
    body.collect().await.expect("a whole body").to_bytes()
}
