//! The JSON interface: which path does what.

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{
    by_hand, calls, faults, live, overview,
    problem::{self, ApiResult, Problem},
    queues, settings, users,
};
use crate::{body::Body, cancellation::CancellationToken, host::Host};

/// Bytes that a request of the page may have.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Answers a request that has shown the token; `path` is the part after `/_emulator/api/`.
pub(super) async fn answer(
    host: &Host,
    cancellation: &CancellationToken,
    path: &str,
    request: Request<Body>,
) -> Response<Body> {
    if request.method() == Method::GET && path == "live" {
        return live::answer(host, cancellation.clone());
    }
    match route(host, path, request).await {
        Ok(document) => problem::json_answer(StatusCode::OK, &document),
        Err(problem) => problem.answer(),
    }
}

async fn route(host: &Host, path: &str, request: Request<Body>) -> ApiResult {
    let segments: Vec<String> =
        path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let journal = host.events().traffic().journal();
    match (request.method().as_str(), segments.as_slice()) {
        ("GET", ["overview"]) => Ok(overview::of(host)),
        ("GET", ["calls"]) => Ok(json!(journal.calls())),
        ("GET", ["settings"]) => Ok(settings::of(host)),
        ("GET", ["lines"]) => Ok(json!(journal.lines(0))),
        ("GET", ["calls", number]) => calls::shown(host, number),
        ("POST", ["calls"]) => calls::make(host, read_json(request).await?).await,
        ("POST", ["document"]) => calls::document(host, read_json(request).await?).await,
        ("POST", ["calls", number, "replay"]) => calls::replay(host, number).await,
        ("GET", ["queues"]) => queues::all(host).await,
        ("POST", ["queues", queue, "messages"]) => queues::put(host, queue, read_json(request).await?).await,
        ("DELETE", ["queues", queue, "messages"]) => queues::purge(host, queue).await,
        ("DELETE", ["queues", queue, "messages", id]) => queues::remove(host, queue, id).await,
        ("POST", ["queues", queue, "messages", id, "requeue"]) => queues::requeue(host, queue, id).await,
        ("POST", ["queues", queue, "fault"]) => faults::inject(host, queue, read_json(request).await?),
        ("POST", ["functions", function, "run"]) => {
            by_hand::run(host, function, read_json(request).await?).await
        }
        ("GET", ["timers"]) => Ok(overview::timers(host)),
        ("POST", ["timers", function, "run"]) => calls::run_timer(host, function).await,
        ("POST", ["users", name, "token"]) => users::token(host, name, read_json(request).await?),
        ("PUT", ["faults"]) => faults::switch(host, read_json(request).await?),
        ("POST", ["worker", "kill"]) => faults::kill(host),
        _ => Err(Problem::not_found("the console has no such path")),
    }
}

/// The JSON that a request carries.
async fn read_json<T: DeserializeOwned>(request: Request<Body>) -> Result<T, Problem> {
    let json = HeaderValue::from_static("application/json");
    if request.headers().get(header::CONTENT_TYPE) != Some(&json) {
        return Err(Problem::bad_request("send application/json"));
    }
    let read = Limited::new(request.into_body(), MAX_REQUEST_BYTES).collect().await;
    let bytes =
        read.map_err(|fault| Problem::bad_request(format!("the body broke off: {fault}")))?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|fault| Problem::bad_request(format!("not as expected: {fault}")))
}
