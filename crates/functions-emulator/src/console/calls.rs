//! Calls that the console makes, and those that it repeats.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    new_call::{self, NewCall},
    overview,
    problem::ApiResult,
    problem::Problem,
};
use crate::{
    body::Body,
    host::Host,
    traffic::{CallRecord, CallRecorder},
};

/// How long the console listens to an answer that does not end.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Bytes that an answer may have of which a caller wants the whole body.
const MAX_WHOLE_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Bytes that an OpenAPI document may have.
const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// Who reads the app's OpenAPI document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentRequest {
    user: Option<String>,
}

/// A call with all that is known of it.
pub(super) fn shown(host: &Host, number: &str) -> ApiResult {
    Ok(json!(found(host, number)?))
}

/// Makes a call as a caller outside the host would, and waits for its end.
pub(super) async fn make(host: &Host, wanted: NewCall) -> ApiResult {
    let request = new_call::request(host, &wanted)?;
    if !wanted.wants_whole_body() {
        return run(host, request, wanted.user()).await;
    }
    let record = begin(host);
    let answer = send(host, request, wanted.user(), &record).await;
    let read = Limited::new(answer.into_body(), MAX_WHOLE_BODY_BYTES).collect().await;
    let body = read.map(|body| STANDARD.encode(body.to_bytes()));
    if let Err(fault) = &body {
        record.add_fault(&format!("the answer's body broke off: {fault}"));
    }
    let mut shown = json!(found(host, &record.number().to_string())?);
    shown["wholeBody"] = json!(body.ok());
    Ok(shown)
}

/// The app's OpenAPI document, complete. The console reads it for itself, so it is not among the calls.
pub(super) async fn document(host: &Host, reader: DocumentRequest) -> ApiResult {
    let path = overview::document(host).ok_or_else(no_instance)?;
    let wanted = NewCall::get(path, reader.user);
    let mut request = new_call::request(host, &wanted)?;
    request.extensions_mut().insert(CallRecorder::unlisted(host.options().queues.clock().now()));
    let answer = Box::pin(host.call(request)).await;
    let status = answer.status().as_u16();
    let read = Limited::new(answer.into_body(), MAX_DOCUMENT_BYTES).collect().await;
    let bytes =
        read.map_err(|fault| Problem::conflict(format!("the document broke off: {fault}")))?.to_bytes();
    Ok(json!({"status": status, "text": String::from_utf8_lossy(&bytes)}))
}

/// Repeats a call: one over HTTP as its caller sent it, with a new token where the console had made it; any other with
/// the envelope that the worker got.
pub(super) async fn replay(host: &Host, number: &str) -> ApiResult {
    let entry = found(host, number)?;
    let Some(sent) = &entry.request else { return trigger_again(host, &entry).await };
    let request = new_call::again(host, &entry, sent)?.ok_or_else(cut)?;
    run(host, request, entry.user.as_deref()).await
}

/// Runs a timer function now.
pub(super) async fn run_timer(host: &Host, function: &str) -> ApiResult {
    let instance = host.instance().ok_or_else(no_instance)?;
    instance.timers().fire(function).await.map_err(Problem::conflict)?;
    Ok(json!({}))
}

async fn trigger_again(host: &Host, entry: &CallRecord) -> ApiResult {
    let envelope =
        entry.worker_request.as_ref().and_then(|sent| sent.body.as_ref()?.whole()).ok_or_else(cut)?;
    let envelope: Value = serde_json::from_slice(envelope).map_err(|_| cut())?;
    let part = |name: &str| envelope.get(name).and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    let (data, mut metadata) = (part("Data"), part("Metadata"));
    metadata.remove("sys");
    let instance = host.instance().ok_or_else(no_instance)?;
    let name = entry.function.as_deref().unwrap_or_default();
    let function = instance.app().functions.iter().find(|function| function.name == name);
    let function =
        function.ok_or_else(|| Problem::not_found(format!("there is no function {name} any more")))?;
    let record = begin(host);
    // The record of the call shows whether it failed.
    drop(instance.invoker().trigger_recorded(function, data, metadata, &record).await);
    Ok(json!(found(host, &record.number().to_string())?))
}

async fn run(host: &Host, request: Request<Body>, user: Option<&str>) -> ApiResult {
    let record = begin(host);
    let until = Instant::now() + MAX_WAIT;
    if let Ok(answer) = timeout_at(until, send(host, request, user, &record)).await {
        let listened = timeout_at(until, to_its_end(answer)).await;
        if listened.is_err() {
            record.add_fault("the console does not listen to an answer for longer than a minute");
        }
    }
    Ok(json!(found(host, &record.number().to_string())?))
}

async fn send(
    host: &Host,
    mut request: Request<Body>,
    user: Option<&str>,
    record: &CallRecorder,
) -> Response<Body> {
    if let Some(user) = user {
        record.set_user(user);
    }
    request.extensions_mut().insert(record.clone());
    Box::pin(host.call(request)).await
}

async fn to_its_end(answer: Response<Body>) {
    let mut body = answer.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}

/// The record of a call that begins now.
pub(super) fn begin(host: &Host) -> CallRecorder {
    CallRecorder::begin(host.events().traffic().journal(), host.options().queues.clock().now())
}

fn found(host: &Host, number: &str) -> Result<CallRecord, Problem> {
    let call = number.parse().ok().and_then(|number| host.events().traffic().journal().call(number));
    call.ok_or_else(forgotten)
}

/// The journal holds the last calls alone.
pub(super) fn forgotten() -> Problem {
    Problem::not_found("this call is not remembered any more: only the last ones are")
}

fn cut() -> Problem {
    Problem::conflict("this call cannot be repeated: its body was too long to be kept, or has not passed yet")
}

/// Between the end of a host instance and the start of the next one.
pub(super) fn no_instance() -> Problem {
    Problem::conflict("no worker runs now: wait until the next one is started")
}
