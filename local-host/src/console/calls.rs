//! Calls that the console makes, and those that it repeats.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::{api::Outcome, overview, people, problem::Problem};
use crate::{
    body::{self, Body},
    issuer::TokenOptions,
    supervisor::Host,
    wire::{Entry, Mode, Record},
};

/// How long the console listens to an answer that does not end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes that an OpenAPI document may have.
const LARGEST_DOCUMENT: usize = 8 * 1024 * 1024;

/// What to call, as whom.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewCall {
    method: String,
    /// With its query.
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// One of the people; none for nobody.
    person: Option<String>,
    /// A key's name, as the overview lists it.
    key: Option<String>,
    /// Another mode than that of host.json.
    mode: Option<Mode>,
}

/// Who reads the app's OpenAPI document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reader {
    person: Option<String>,
}

/// A call with all that is known of it.
pub(super) fn shown(host: &Host, number: &str) -> Outcome {
    Ok(json!(found(host, number)?))
}

/// Makes a call as a caller outside the host would, and waits for its end.
pub(super) async fn make(host: &Host, wanted: NewCall) -> Outcome {
    let mut request = request(host, &wanted)?;
    if let Some(mode) = wanted.mode {
        request.extensions_mut().insert(mode);
    }
    run(host, request, wanted.person.as_deref()).await
}

/// The app's OpenAPI document as the app serves it, whole, for it may be longer than what is remembered of a call.
pub(super) async fn document(host: &Host, reader: Reader) -> Outcome {
    let path = overview::document(host).ok_or_else(no_instance)?;
    let wanted = NewCall {
        method: "GET".to_owned(),
        path,
        headers: Vec::new(),
        body: None,
        person: reader.person,
        key: None,
        mode: None,
    };
    let answer = Box::pin(host.call(request(host, &wanted)?)).await;
    let status = answer.status().as_u16();
    let read = Limited::new(answer.into_body(), LARGEST_DOCUMENT).collect().await;
    let bytes =
        read.map_err(|fault| Problem::impossible(format!("the document broke off: {fault}")))?.to_bytes();
    Ok(json!({"status": status, "text": String::from_utf8_lossy(&bytes)}))
}

/// Repeats a call: one over HTTP as its caller sent it, with a new token where the console had made it; any other with
/// the envelope that the worker got.
pub(super) async fn replay(host: &Host, number: &str) -> Outcome {
    let entry = found(host, number)?;
    let Some(sent) = &entry.request else { return trigger_again(host, &entry).await };
    let body = sent.body.as_ref().ok_or_else(cut)?.whole().ok_or_else(cut)?;
    let (method, path) = sent.head.split_once(' ').unwrap_or_default();
    let mut request = Request::new(body::sized(body.to_vec()));
    set_target(&mut request, method, path)?;
    for (name, value) in &sent.headers {
        add(&mut request, name, value)?;
    }
    if let Some(person) = &entry.person {
        sign_in(host, &mut request, person)?;
    }
    if let Some(mode) = entry.mode {
        request.extensions_mut().insert(mode);
    }
    run(host, request, entry.person.as_deref()).await
}

/// Runs a timer function now.
pub(super) async fn tick(host: &Host, function: &str) -> Outcome {
    let instance = host.instance().ok_or_else(no_instance)?;
    instance.timers().fire(function).await.map_err(Problem::impossible)?;
    Ok(json!({}))
}

async fn trigger_again(host: &Host, entry: &Entry) -> Outcome {
    let envelope = entry.to_worker.as_ref().and_then(|sent| sent.body.as_ref()?.whole()).ok_or_else(cut)?;
    let envelope: Value = serde_json::from_slice(envelope).map_err(|_| cut())?;
    let part = |name: &str| envelope.get(name).and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    let (data, mut metadata) = (part("Data"), part("Metadata"));
    metadata.remove("sys");
    let instance = host.instance().ok_or_else(no_instance)?;
    let name = entry.function.as_deref().unwrap_or_default();
    let function = instance.app().functions.iter().find(|function| function.name == name);
    let function =
        function.ok_or_else(|| Problem::missing(format!("there is no function {name} any more")))?;
    let record = begin(host);
    // Whether it failed stands in the record.
    drop(instance.invoker().trigger_recorded(function, data, metadata, &record).await);
    Ok(json!(found(host, &record.number().to_string())?))
}

async fn run(host: &Host, mut request: Request<Body>, person: Option<&str>) -> Outcome {
    let record = begin(host);
    if let Some(person) = person {
        record.as_person(person);
    }
    request.extensions_mut().insert(record.clone());
    let until = Instant::now() + PATIENCE;
    let answer = Box::pin(host.call(request));
    if let Ok(answer) = timeout_at(until, answer).await {
        let listened = timeout_at(until, to_its_end(answer)).await;
        if listened.is_err() {
            record.fault("the console does not listen to an answer for longer than a minute");
        }
    }
    Ok(json!(found(host, &record.number().to_string())?))
}

async fn to_its_end(answer: Response<Body>) {
    let mut body = answer.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}

fn begin(host: &Host) -> Record {
    host.events().wire().journal().begin(host.options().queues.clock().now())
}

fn found(host: &Host, number: &str) -> Result<Entry, Problem> {
    let call = number.parse().ok().and_then(|number| host.events().wire().journal().call(number));
    call.ok_or_else(|| Problem::missing("this call is not remembered any more: only the last ones are"))
}

fn request(host: &Host, wanted: &NewCall) -> Result<Request<Body>, Problem> {
    let text = wanted.body.clone().unwrap_or_default();
    let length = text.len();
    let mut request = Request::new(body::sized(text));
    set_target(&mut request, &wanted.method, &wanted.path)?;
    for (name, value) in &wanted.headers {
        add(&mut request, name, value)?;
    }
    let host_name = host.url().trim_start_matches("http://");
    set(&mut request, header::HOST, host_name)?;
    let takes_length = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if length > 0 || takes_length {
        set(&mut request, header::CONTENT_LENGTH, &length.to_string())?;
    }
    if let Some(person) = &wanted.person {
        sign_in(host, &mut request, person)?;
    }
    if let Some(key) = &wanted.key {
        let keys = host.options().keys.as_ref();
        let value = keys.and_then(|keys| keys.value(key));
        let value = value.ok_or_else(|| Problem::missing(format!("no key is named {key:?}")))?;
        set(&mut request, HeaderName::from_static("x-functions-key"), value)?;
    }
    Ok(request)
}

fn sign_in(host: &Host, request: &mut Request<Body>, person: &str) -> Result<(), Problem> {
    let token = people::sign(host, person, &TokenOptions::default())?;
    set(request, header::AUTHORIZATION, &format!("Bearer {token}"))
}

fn set_target(request: &mut Request<Body>, method: &str, path: &str) -> Result<(), Problem> {
    *request.method_mut() =
        Method::from_bytes(method.as_bytes()).map_err(|_| Problem::malformed("this is no method of HTTP"))?;
    let uri = Uri::try_from(path).ok().filter(|uri| uri.authority().is_none() && path.starts_with('/'));
    *request.uri_mut() =
        uri.ok_or_else(|| Problem::malformed("write a path that begins with / and holds no blanks"))?;
    Ok(())
}

fn add(request: &mut Request<Body>, name: &str, value: &str) -> Result<(), Problem> {
    let line = (HeaderName::try_from(name), HeaderValue::try_from(value));
    let (Ok(name), Ok(value)) = line else {
        return Err(Problem::malformed(format!("the header {name:?} is none that HTTP allows")));
    };
    request.headers_mut().append(name, value);
    Ok(())
}

fn set(request: &mut Request<Body>, name: HeaderName, value: &str) -> Result<(), Problem> {
    let value = HeaderValue::try_from(value)
        .map_err(|_| Problem::malformed(format!("the header {name} cannot have this value")))?;
    request.headers_mut().insert(name, value);
    Ok(())
}

fn cut() -> Problem {
    Problem::impossible(
        "this call cannot be repeated: its body was too long to be kept, or has not passed yet",
    )
}

fn no_instance() -> Problem {
    Problem::impossible("no worker runs now: wait until the next one is started")
}
