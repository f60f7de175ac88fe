//! A small app: every way a handler can behave, one function each.

use std::sync::{Arc, Mutex};

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use orders_worker::host::{
    Answer, BodyError, Call, CallerId, Delivery, Function, Invocation, OnCall, OnDelivery, OnTick, Output,
    Refusal, Retry, TooManyRunning, Trigger,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

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

const MOST: usize = 64 << 10;

/// All functions of the app.
pub(crate) fn functions() -> Vec<Function<App>> {
    vec![
        http("Echo", Method::POST, "things/{kind}/{id}", |app, call| Box::pin(echo(app, call))),
        http("Say", Method::GET, "say/{what}", |_, call| Box::pin(async move { say(call.param("what")) })),
        http("Boom", Method::GET, "boom", |_, _| Box::pin(async { panic!("a secret") })),
        http("Late", Method::GET, "late", |_, _| Box::pin(std::future::pending())),
        http("Wait", Method::POST, "wait", |app, call| Box::pin(wait(app, call))),
        http("Keep", Method::POST, "keep", |_, call| Box::pin(keep(call))),
        Function {
            outputs: &[("jobs", "jobs-queue")],
            ..http("Send", Method::POST, "send", |_, call| Box::pin(send(call)))
        },
        queue("Take", "job", |app, delivery| Box::pin(take(app, delivery))),
        timer("Tick", "tick", |app, _| Box::pin(async move { Ok(ticked(&app)) })),
    ]
}

pub(crate) fn http(
    name: &'static str,
    method: Method,
    route: &'static str,
    run: OnCall<App>,
) -> Function<App> {
    Function { name, trigger: Trigger::Http { binding: "req", method, route, run }, outputs: &[] }
}

pub(crate) fn queue(name: &'static str, binding: &'static str, run: OnDelivery<App>) -> Function<App> {
    Function { name, trigger: Trigger::Queue { binding, queue: "jobs-queue", run }, outputs: &[] }
}

pub(crate) fn timer(name: &'static str, binding: &'static str, run: OnTick<App>) -> Function<App> {
    let trigger = Trigger::Timer { binding, schedule: "0 * * * * *", run };
    Function { name, trigger, outputs: &[("jobs", "jobs-queue")] }
}

/// The app's words for a refusal.
pub(crate) fn refuse(refusal: Refusal, invocation: &Invocation) -> Answer {
    let status = match refusal {
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::Busy | Refusal::Late => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
        Refusal::Unreadable => StatusCode::BAD_REQUEST,
        Refusal::UriTooLong => StatusCode::URI_TOO_LONG,
        Refusal::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
    };
    assert!(!invocation.traceparent.is_empty());
    answer(status, &json!({"refused": format!("{refusal:?}")}))
}

pub(crate) fn answer(status: StatusCode, body: &Value) -> Answer {
    let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))];
    Answer { status, headers, body: body.to_string().into(), outputs: vec![] }
}

/// Tells what it saw.
pub(crate) async fn echo(app: Arc<App>, call: Call) -> Answer {
    app.ran.lock().unwrap().push("Echo");
    let headers: Vec<_> =
        call.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let mut seen = json!({
        "id": call.invocation.id,
        "function": call.invocation.function,
        "traceparent": call.invocation.traceparent,
        "method": call.method.as_str(),
        "params": call.params,
        "query": call.query,
        "headers": headers.iter().map(|(name, value)| (*name, String::from_utf8_lossy(value))).collect::<Vec<_>>(),
        "carries": call.carries_outputs,
    });
    match call.body.read(MOST).await {
        Ok(body) => seen["body"] = String::from_utf8_lossy(&body).into(),
        Err(BodyError::TooLarge) => return answer(StatusCode::PAYLOAD_TOO_LARGE, &seen),
        Err(BodyError::Interrupted) => return answer(StatusCode::BAD_REQUEST, &seen),
        Err(BodyError::TooSlow) => return answer(StatusCode::REQUEST_TIMEOUT, &seen),
    }
    answer(StatusCode::OK, &seen)
}

/// Answers that can travel, and some that cannot.
fn say(what: &str) -> Answer {
    let mut said = answer(StatusCode::OK, &json!({"said": what}));
    let add = |said: &mut Answer, name: HeaderName, value: &'static [u8]| {
        said.headers.push((name, HeaderValue::from_bytes(value).unwrap()));
    };
    match what {
        "made" => {
            said.status = StatusCode::CREATED;
            add(&mut said, header::LOCATION, b"/api/things/shoes/7");
            add(&mut said, header::ETAG, b"\"1\"");
        }
        "no" => said.status = StatusCode::FORBIDDEN,
        "nothing" => {
            said = Answer {
                status: StatusCode::NO_CONTENT,
                headers: vec![],
                body: Bytes::new(),
                outputs: vec![],
            };
        }
        "moved" => said.status = StatusCode::FOUND,
        "early" => said.status = StatusCode::PROCESSING,
        "twice" => add(&mut said, header::CONTENT_TYPE, b"text/plain"),
        "umlaut" => add(&mut said, header::VARY, "ü".as_bytes()),
        "dated" => add(&mut said, header::LAST_MODIFIED, b"2026-03-02T11:20:31Z"),
        "length" => add(&mut said, header::CONTENT_LENGTH, b"1"),
        "close" => add(&mut said, header::CONNECTION, b"close"),
        "untyped" => said.headers.clear(),
        "date" => said.body = "2026-03-02T11:20:31.500Z".into(),
        "bytes" => said.body = Bytes::from_static(b"\xff\xfe"),
        "astray" => said.outputs = vec![Output { binding: "jobs", messages: vec!["x".into()] }],
        _ => {}
    }
    said
}

/// Says whose a call is: that of the caller whose number it bears.
fn identify(call: &Call) -> Result<(), TooManyRunning> {
    let Some(number) = call.headers.get("x-caller") else { return Ok(()) };
    let number = number.to_str().unwrap().parse().unwrap();
    call.slot.identify(CallerId { tenant: Uuid::nil(), object: Uuid::from_u128(number) })
}

/// Reads the body of a caller that it knows.
async fn keep(call: Call) -> Answer {
    if identify(&call).is_err() {
        return answer(StatusCode::TOO_MANY_REQUESTS, &json!({"kept": false}));
    }
    let status = match call.body.read(MOST).await {
        Ok(_) => StatusCode::OK,
        Err(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    answer(status, &json!({"kept": status.is_success()}))
}

async fn wait(app: Arc<App>, call: Call) -> Answer {
    if identify(&call).is_err() {
        return answer(StatusCode::TOO_MANY_REQUESTS, &json!({"waited": false}));
    }
    app.waiting.add_permits(1);
    app.gate.acquire().await.unwrap().forget();
    app.ran.lock().unwrap().push("Wait");
    answer(StatusCode::OK, &json!({"waited": true}))
}

/// Puts each line of the body into the queue.
async fn send(call: Call) -> Answer {
    let carries = call.carries_outputs;
    let body = call.body.read(MOST).await.unwrap();
    let lines = std::str::from_utf8(&body).unwrap().lines().map(|line| Bytes::from(line.to_owned()));
    let messages: Vec<Bytes> = if carries { lines.collect() } else { vec![] };
    let mut sent = answer(StatusCode::ACCEPTED, &json!({"carries": carries}));
    sent.outputs = vec![Output { binding: "jobs", messages }];
    sent
}

pub(crate) async fn take(app: Arc<App>, delivery: Delivery) -> Result<(), Retry> {
    app.ran.lock().unwrap().push("Take");
    match delivery.payload.as_ref() {
        b"again" => return Err(Retry("the database is down")),
        b"boom" => panic!("a secret"),
        b"late" => std::future::pending().await,
        _ => {}
    }
    app.taken.lock().unwrap().push((delivery.payload, delivery.dequeue_count));
    Ok(())
}

pub(crate) fn ticked(app: &App) -> Vec<Output> {
    app.ran.lock().unwrap().push("Tick");
    vec![Output { binding: "jobs", messages: vec!["{\"n\":1}".into(), "{\"n\":2}".into()] }]
}
