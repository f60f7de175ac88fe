//! The real host's endpoints below `/admin`: its state, its functions, and running a function by hand. No route of an
//! app reaches there.

// The host: docs/reference/host-protocol.md#shutdown and docs/reference/host-protocol.md#admin-paths.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    access_keys::{self, AccessKeys},
    app::{App, Function, TriggerKind},
    body::status_only,
    body::{self, Body},
    clock::Clock,
    invoke::{HOST_VERSION, Invoker},
    manual_run,
    timers::Timers,
};

/// The most bytes of the input for a manual run: more than a queue message may have.
const MAX_INPUT_BYTES: usize = 256 * 1024;

/// The admin side of one instance.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) app: Arc<App>,
    pub(crate) keys: Option<AccessKeys>,
    pub(crate) invoker: Invoker,
    pub(crate) timers: Timers,
    pub(crate) clock: Clock,
    pub(crate) started: Instant,
    pub(crate) url: String,
}

/// The body of a run by hand.
#[derive(Deserialize)]
struct RunRequest {
    #[serde(default)]
    input: Value,
}

impl Admin {
    /// Answers a request whose path is reserved. If the app has keys, every request except the ping must carry the
    /// master key.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path().trim_matches('/').to_ascii_lowercase();
        let segments: Vec<&str> = path.split('/').collect();
        let is_ping = segments == ["admin", "host", "ping"];
        if !is_ping && !self.is_authorized(&request) {
            return status_only(StatusCode::UNAUTHORIZED);
        }
        match (request.method(), segments.as_slice()) {
            (&Method::GET | &Method::POST, ["admin", "host", "ping"]) => status_only(StatusCode::OK),
            (&Method::GET, ["admin", "host", "status"]) => json_answer(StatusCode::OK, &self.status()),
            (&Method::GET, ["admin", "functions"]) => {
                json_answer(StatusCode::OK, &self.app.functions.iter().map(|one| self.shown(one)).collect())
            }
            (&Method::GET, ["admin", "functions", name]) => match self.function(name) {
                Some(function) => json_answer(StatusCode::OK, &self.shown(function)),
                None => status_only(StatusCode::NOT_FOUND),
            },
            (&Method::POST, ["admin", "functions", name]) => {
                let name = (*name).to_owned();
                self.run(&name, request).await
            }
            _ => status_only(StatusCode::NOT_FOUND),
        }
    }

    fn is_authorized(&self, request: &Request<Body>) -> bool {
        self.keys
            .as_ref()
            .is_none_or(|keys| access_keys::from_request(request).is_some_and(|key| keys.is_master(&key)))
    }

    fn status(&self) -> Value {
        let uptime = self.started.elapsed();
        json!({
            "id": self.app.root.file_name().map(|name| name.to_string_lossy().to_lowercase()),
            "state": "Running",
            "version": HOST_VERSION,
            "versionDetails": HOST_VERSION,
            "processUptime": u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
        })
    }

    fn shown(&self, function: &Function) -> Value {
        let config = functions_lint::json_file::read_value(
            &self.app.root.join(&function.name).join("function.json"),
            "",
        );
        let route = match &function.trigger.kind {
            TriggerKind::Http { route, .. } => {
                let parts = [
                    self.url.as_str(),
                    self.app.host.route_prefix.trim_matches('/'),
                    route.trim_matches('/'),
                ];
                Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
            }
            TriggerKind::Queue { .. } | TriggerKind::Timer { .. } | TriggerKind::Other { .. } => None,
        };
        json!({
            "name": function.name,
            "href": format!("{}/admin/functions/{}", self.url, function.name),
            "config": config.unwrap_or_default(),
            "invoke_url_template": route,
            "isDisabled": false,
            "language": "Custom",
        })
    }

    fn function(&self, name: &str) -> Option<&Function> {
        self.app.functions.iter().find(|function| function.name.eq_ignore_ascii_case(name))
    }

    /// Starts a function and does not wait for its end, as the real host does.
    async fn run(&self, name: &str, request: Request<Body>) -> Response<Body> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        // The content type also keeps pages of other origins out: a browser asks before it sends this type.
        if !kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json")) {
            return status_only(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let body = Limited::new(request.into_body(), MAX_INPUT_BYTES).collect().await;
        let run = body.ok().and_then(|body| serde_json::from_slice::<RunRequest>(&body.to_bytes()).ok());
        let Some(run) = run else {
            return sentence(StatusCode::BAD_REQUEST, "send {\"input\": \"…\"} as application/json");
        };
        let Some(function) = self.function(name) else { return status_only(StatusCode::NOT_FOUND) };
        match &function.trigger.kind {
            TriggerKind::Http { .. } => {
                return sentence(StatusCode::BAD_REQUEST, "this function has a route: call that");
            }
            TriggerKind::Timer { .. } => {
                let (timers, name) = (self.timers.clone(), function.name.clone());
                tokio::spawn(async move { timers.fire(&name).await });
            }
            TriggerKind::Queue { .. } => self.run_queue_function(function, &run.input),
            TriggerKind::Other { .. } => {
                let (invoker, function, data) =
                    (self.invoker.clone(), function.clone(), manual_run::data(function, &run.input));
                tokio::spawn(async move { invoker.trigger(&function, data, Map::new()).await });
            }
        }
        status_only(StatusCode::ACCEPTED)
    }

    /// The input becomes the message, without being put into a queue.
    fn run_queue_function(&self, function: &Function, input: &Value) {
        let encoding = self.app.host.queues.encoding;
        let text = manual_run::queue_text(input, encoding);
        if let Ok((data, metadata)) = manual_run::message(function, text, encoding, self.clock.now()) {
            let (invoker, function) = (self.invoker.clone(), function.clone());
            tokio::spawn(async move { invoker.trigger(&function, data, metadata).await });
        }
    }
}

fn json_answer(status: StatusCode, value: &Value) -> Response<Body> {
    let mut answer = Response::new(body::sized(Bytes::from(value.to_string())));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}

fn sentence(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(body::sized(Bytes::from_static(text.as_bytes())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}
