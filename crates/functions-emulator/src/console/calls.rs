//! Calls that the console makes, and those that it repeats.

use std::time::Duration;

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
    app::TriggerKind,
    body::Body,
    host::Host,
    traffic::{CallRecord, CallRecorder},
};

/// How long the console listens to an answer that does not end.
const MAX_WAIT: Duration = Duration::from_mins(1);

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
    run(host, new_call::request(host, &wanted)?, wanted.user()).await
}

/// The app's OpenAPI document, complete, because it may be longer than a recorded call.
pub(super) async fn document(host: &Host, reader: DocumentRequest) -> ApiResult {
    let path = overview::document(host).ok_or_else(no_instance)?;
    let wanted = NewCall::get(path, reader.user);
    let answer = Box::pin(host.call(new_call::request(host, &wanted)?)).await;
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

/// The input of a function that is run by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    input: Value,
}

/// Runs a function that nothing here starts by itself, with this input, and waits for its end.
pub(super) async fn run_function(host: &Host, function: &str, Input { input }: Input) -> ApiResult {
    let instance = host.instance().ok_or_else(no_instance)?;
    let found = instance.app().functions.iter().find(|one| one.name.eq_ignore_ascii_case(function));
    let found = found.ok_or_else(|| Problem::not_found(format!("there is no function {function}")))?;
    if !matches!(found.trigger.kind, TriggerKind::Other { .. }) {
        return Err(Problem::conflict(
            "this function has a start of its own: call it, put a message, or run its timer",
        ));
    }
    let record = begin(host);
    // The record of the call shows whether it failed.
    let data = crate::manual_run::data(found, &input);
    drop(instance.invoker().trigger_recorded(found, data, Map::new(), &record).await);
    Ok(json!(self::found(host, &record.number().to_string())?))
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

async fn run(host: &Host, mut request: Request<Body>, user: Option<&str>) -> ApiResult {
    let record = begin(host);
    if let Some(user) = user {
        record.set_user(user);
    }
    request.extensions_mut().insert(record.clone());
    let until = Instant::now() + MAX_WAIT;
    let answer = Box::pin(host.call(request));
    if let Ok(answer) = timeout_at(until, answer).await {
        let listened = timeout_at(until, to_its_end(answer)).await;
        if listened.is_err() {
            record.add_fault("the console does not listen to an answer for longer than a minute");
        }
    }
    Ok(json!(found(host, &record.number().to_string())?))
}

async fn to_its_end(answer: Response<Body>) {
    let mut body = answer.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}

fn begin(host: &Host) -> CallRecorder {
    CallRecorder::begin(host.events().traffic().journal(), host.options().queues.clock().now())
}

fn found(host: &Host, number: &str) -> Result<CallRecord, Problem> {
    let call = number.parse().ok().and_then(|number| host.events().traffic().journal().call(number));
    call.ok_or_else(|| Problem::not_found("this call is not remembered any more: only the last ones are"))
}

fn cut() -> Problem {
    Problem::conflict("this call cannot be repeated: its body was too long to be kept, or has not passed yet")
}

fn no_instance() -> Problem {
    Problem::conflict("no worker runs now: wait until the next one is started")
}
