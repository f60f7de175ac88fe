//! A small app: every way a handler can behave, one function each.

use std::sync::{Arc, Mutex};

use axum_core::response::{IntoResponse, Response};
use azure_functions_handler::{
    Body, Bytes, CallerId, CallerLimitReached, CarriesOutputs, ConcurrencyLimits, Error, Functions,
    Invocation, InvocationFailed, Limits, Outputs, Path, QueueMessage, Rejection, Slot, State, get, post,
    queue, queue_output, timer,
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use serde_json::{Map, Value, json};
use tokio::{sync::Semaphore, time::Duration};
use uuid::Uuid;

/// The bounds of one request.
pub(crate) const LIMITS: Limits = Limits {
    head_timeout: Duration::from_secs(10),
    max_head_bytes: 80 << 10,
    max_headers: 100,
    body_timeout: Duration::from_secs(3),
    discard_timeout: Duration::from_secs(5),
    max_discard_bytes: 100 << 20,
    http_timeout: Duration::from_secs(10),
    trigger_timeout: Duration::from_mins(1),
    max_envelope_bytes: 1 << 20,
    max_body_bytes: 64 << 10,
};

/// The bounds of all requests together.
pub(crate) const CONCURRENCY: ConcurrencyLimits = ConcurrencyLimits {
    running: 128,
    unidentified: 96,
    unidentified_direct: 32,
    waiting_envelopes: 128,
    per_caller: Some(16),
};

/// What the handlers share with the test.
pub(crate) struct App {
    /// Payloads and dequeue counts of the messages that reached a handler.
    pub(crate) taken: Mutex<Vec<(Bytes, Option<u32>)>>,
    /// Names of the functions that ran.
    pub(crate) ran: Mutex<Vec<&'static str>>,
    /// One permit for each call of `Wait` that has begun.
    pub(crate) waiting: Semaphore,
    /// One permit lets one call of `Wait` go on.
    pub(crate) gate: Semaphore,
}

impl Default for App {
    fn default() -> Self {
        let (taken, ran) = Default::default();
        Self { taken, ran, waiting: Semaphore::new(0), gate: Semaphore::new(0) }
    }
}

/// The state of the handlers.
pub(crate) type Shared = Arc<App>;

/// All functions of the app.
pub(crate) fn functions() -> Functions<Shared> {
    let jobs = || queue_output("jobs", "jobs-queue");
    Functions::new()
        .http("Echo", post("things/{kind}/{id}"), echo)
        .http("Say", get("say/{what}"), say)
        .http("Boom", get("boom"), boom)
        .http("Late", get("late"), late)
        .http("Wait", post("wait"), wait)
        .http("Keep", post("keep"), keep)
        .http("Send", post("send").output(jobs()), send)
        .queue("Take", queue("jobs-queue").binding("job"), take)
        .timer("Tick", timer("0 * * * * *").binding("tick").output(jobs()), tick)
}

/// The app's words for an error: the error's name.
pub(crate) fn worded(error: &Error, invocation: &Invocation) -> Response {
    assert!(!invocation.trace.as_str().is_empty());
    let name = match error {
        Error::Server(error) => format!("{error:?}"),
        other => format!("{other:?}"),
    };
    answer(error.status(), &json!({"refused": name}))
}

pub(crate) fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
}

/// Answers with what it saw.
pub(crate) async fn echo(
    State(app): State<Shared>,
    invocation: Invocation,
    CarriesOutputs(carries): CarriesOutputs,
    Path(params): Path<Map<String, Value>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Rejection> {
    app.ran.lock().unwrap().push("Echo");
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), text(value)));
    let mut seen = json!({
        "id": invocation.id,
        "function": invocation.function,
        "traceparent": invocation.trace.as_str(),
        "method": parts.method.as_str(),
        "params": params,
        "query": parts.uri.query().unwrap_or_default(),
        "headers": headers.collect::<Vec<_>>(),
        "carries": carries,
    });
    let body = body.read(LIMITS.max_body_bytes).await?;
    seen["body"] = String::from_utf8_lossy(&body).into();
    Ok(answer(StatusCode::OK, &seen))
}

/// Answers that every mode can carry, and some that one of them cannot.
async fn say(Path(what): Path<String>) -> Response {
    let mut said = answer(StatusCode::OK, &json!({"said": what}));
    let bytes = |value: &'static [u8]| HeaderValue::from_bytes(value).unwrap();
    let mut add = |name, value| {
        said.headers_mut().append(name, bytes(value));
    };
    match what.as_str() {
        "made" => {
            add(header::LOCATION, b"/api/things/shoes/7");
            add(header::ETAG, b"\"1\"");
            *said.status_mut() = StatusCode::CREATED;
        }
        "no" => *said.status_mut() = StatusCode::FORBIDDEN,
        "nothing" => said = StatusCode::NO_CONTENT.into_response(),
        "early" => *said.status_mut() = StatusCode::PROCESSING,
        "twice" => add(header::CONTENT_TYPE, b"text/plain"),
        "umlaut" => add(header::VARY, "ü".as_bytes()),
        "dated" => add(header::LAST_MODIFIED, b"2026-03-02T11:20:31Z"),
        "length" => add(header::CONTENT_LENGTH, b"1"),
        "close" => add(header::CONNECTION, b"close"),
        "untyped" => said.headers_mut().clear(),
        "date" => *said.body_mut() = "2026-03-02T11:20:31.500Z".into(),
        "bytes" => *said.body_mut() = Bytes::from_static(b"\xff\xfe").into(),
        "astray" => said = (Outputs::new().message("jobs", "x"), said).into_response(),
        _ => {}
    }
    said
}

async fn boom() {
    panic!("a secret")
}

async fn late() {
    std::future::pending::<()>().await;
}

/// Identifies the caller by the number in the header `X-Caller`, if there is one.
fn identify(slot: &Slot, headers: &HeaderMap) -> Result<(), CallerLimitReached> {
    let Some(number) = headers.get("x-caller") else { return Ok(()) };
    let number = number.to_str().unwrap().parse().unwrap();
    slot.0.identify(CallerId { tenant: Uuid::nil(), object: Uuid::from_u128(number) })
}

/// Reads the body of an identified caller.
async fn keep(slot: Slot, headers: HeaderMap, body: Body) -> Result<Response, Rejection> {
    if identify(&slot, &headers).is_err() {
        return Ok(answer(StatusCode::TOO_MANY_REQUESTS, &json!({"kept": false})));
    }
    body.read(LIMITS.max_body_bytes).await?;
    Ok(answer(StatusCode::OK, &json!({"kept": true})))
}

async fn wait(State(app): State<Shared>, slot: Slot, headers: HeaderMap) -> Response {
    if identify(&slot, &headers).is_err() {
        return answer(StatusCode::TOO_MANY_REQUESTS, &json!({"waited": false}));
    }
    app.waiting.add_permits(1);
    app.gate.acquire().await.unwrap().forget();
    app.ran.lock().unwrap().push("Wait");
    answer(StatusCode::OK, &json!({"waited": true}))
}

/// Puts each line of the body into the queue, if it can.
async fn send(CarriesOutputs(carries): CarriesOutputs, body: String) -> (Outputs, Response) {
    let lines = body.lines().filter(|_| carries).map(ToOwned::to_owned);
    let outputs = lines.fold(Outputs::new(), |outputs, line| outputs.message("jobs", line));
    (outputs, answer(StatusCode::ACCEPTED, &json!({"carries": carries})))
}

pub(crate) async fn take(
    State(app): State<Shared>,
    message: QueueMessage<Bytes>,
) -> Result<(), InvocationFailed> {
    app.ran.lock().unwrap().push("Take");
    match message.payload.as_ref() {
        b"again" => return Err(InvocationFailed::new("the database is down")),
        b"boom" => panic!("a secret"),
        b"late" => std::future::pending().await,
        _ => {}
    }
    app.taken.lock().unwrap().push((message.payload, message.dequeue_count));
    Ok(())
}

pub(crate) async fn tick(State(app): State<Shared>) -> Outputs {
    app.ran.lock().unwrap().push("Tick");
    Outputs::new().message("jobs", "{\"n\":1}").message("jobs", "{\"n\":2}")
}
