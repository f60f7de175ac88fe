//! Queues and their messages.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::problem::{ApiResult, Problem};
use crate::{
    app::{App, Function, MessageEncoding, TriggerKind, is_queue_name},
    host::Host,
    queues::{DEFAULT_TIME_TO_LIVE, MemoryQueues, Message, QueueError, Queues},
};

const POISON: &str = "-poison";
const BASE64: &str = "base64";

/// A message to put.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewMessage {
    text: String,
    /// The text is put unchanged, even if host.json names an encoding.
    #[serde(default)]
    raw: bool,
    #[serde(default)]
    delay_seconds: u64,
}

/// Every queue that the app names or that holds something, and its messages.
pub(super) async fn all(host: &Host) -> ApiResult {
    let instance = host.instance();
    let app = instance.as_ref().map(|instance| instance.app());
    let mut shown = Vec::new();
    for name in names(app, host.options().queues.in_process()) {
        shown.push(one(host, app, &name).await?);
    }
    Ok(Value::Array(shown))
}

async fn one(host: &Host, app: Option<&App>, name: &str) -> ApiResult {
    let queues = of_name(host, name)?;
    let counts = queues.counts(name).await.map_err(refused)?;
    let messages = queues.peek_messages(name).await.map_err(refused)?;
    let now = queues.clock().now();
    let messages: Vec<Value> =
        messages.iter().map(|one| message(one, app, one.next_visible_at > now)).collect();
    let reader = app.and_then(|app| {
        let reads = |kind: &TriggerKind| matches!(kind, TriggerKind::Queue { queue, .. } if queue == name);
        app.functions.iter().find(|function| reads(&function.trigger.kind))
    });
    Ok(json!({
        "name": name,
        "readBy": reader.map(|function| &function.name),
        "isPoison": name.ends_with(POISON),
        "encoding": encoding(app),
        "visible": counts.visible,
        "hidden": counts.hidden,
        "messages": messages,
    }))
}

fn message(message: &Message, app: Option<&App>, hidden: bool) -> Value {
    let decoded = (encoding(app) == BASE64).then(|| STANDARD.decode(&message.text).ok()).flatten();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    json!({
        "id": message.id,
        "dequeueCount": message.dequeue_count,
        "insertedAt": message.inserted_at,
        "expiresAt": message.expires_at,
        "nextVisibleAt": message.next_visible_at,
        "hidden": hidden,
        "text": text.as_ref().unwrap_or(&message.text),
        "decoded": text.is_some(),
        "stored": text.as_ref().map(|_| &message.text),
    })
}

/// The encoding of messages that the app's host.json names, which a message that is put gets too.
pub(super) fn encoding(app: Option<&App>) -> &'static str {
    match app.map(|app| app.host.queues.encoding) {
        Some(MessageEncoding::None) => "none",
        Some(MessageEncoding::Base64) | None => BASE64,
    }
}

fn names(app: Option<&App>, in_process: &MemoryQueues) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = in_process.names().into_iter().collect();
    names.extend(app.iter().flat_map(|app| app.queue_bindings()).map(|(queue, _)| queue.to_owned()));
    let reads = |function: &Function| match &function.trigger.kind {
        TriggerKind::Queue { queue, .. } if !queue.ends_with(POISON) => Some(format!("{queue}{POISON}")),
        _ => None,
    };
    names.extend(app.iter().flat_map(|app| &app.functions).filter_map(reads));
    names
}

/// The queues that hold the one of this name: those of the first binding that names it, or whose poison queue it is. A
/// queue that the app does not name is in this process.
pub(super) fn of_name(host: &Host, name: &str) -> Result<Queues, Problem> {
    let (instance, name) = (host.instance(), name.to_lowercase());
    let read = name.strip_suffix(POISON).unwrap_or(&name);
    let app = instance.as_ref().map(|instance| instance.app());
    let found = [name.as_str(), read].into_iter().find_map(|name| {
        let mut bindings = app.iter().flat_map(|app| app.queue_bindings());
        bindings.find(|(queue, _)| *queue == name).map(|(_, connection)| connection)
    });
    let Some(connection) = found else { return Ok(host.options().queues.in_process().clone().into()) };
    host.options().queues.queues(connection).map_err(|error| Problem::conflict(error.to_string()))
}

/// The queues in this process; none where every queue of the app is at a server.
pub(super) fn in_process(host: &Host) -> Option<&MemoryQueues> {
    let (instance, queues) = (host.instance(), &host.options().queues);
    let mut bindings = instance.iter().flat_map(|instance| instance.app().queue_bindings()).peekable();
    let is_here = |connection| matches!(queues.queues(connection), Ok(Queues::Memory(_)));
    let uses = bindings.peek().is_none() || bindings.any(|(_, connection)| is_here(connection));
    uses.then(|| queues.in_process())
}

/// Puts a message as a sender outside the app would.
pub(super) async fn put(host: &Host, queue: &str, new: NewMessage) -> ApiResult {
    if !is_queue_name(&queue.to_lowercase()) {
        return Err(Problem::bad_request(format!("{queue:?} is no name for a queue")));
    }
    let instance = host.instance();
    let encoding = instance.map(|instance| instance.app().host.queues.encoding);
    let text = match encoding {
        Some(MessageEncoding::None) => new.text,
        _ if new.raw => new.text,
        _ => STANDARD.encode(new.text),
    };
    let delay = Duration::from_secs(new.delay_seconds);
    let put = of_name(host, queue)?.put_delayed(queue, text, delay, Some(DEFAULT_TIME_TO_LIVE)).await;
    Ok(json!({"id": put.map_err(refused)?}))
}

/// Removes every message.
pub(super) async fn purge(host: &Host, queue: &str) -> ApiResult {
    of_name(host, queue)?.purge(queue).await.map_err(refused)?;
    Ok(json!({}))
}

/// Removes one message.
pub(super) async fn remove(host: &Host, queue: &str, id: &str) -> ApiResult {
    taken(host, queue, id).await?;
    Ok(json!({}))
}

/// Moves a message to the end of its queue, out of a poison queue to the queue that it came from: a new message with the
/// same text and no deliveries yet.
pub(super) async fn requeue(host: &Host, queue: &str, id: &str) -> ApiResult {
    let message = taken(host, queue, id).await?;
    let to = queue.strip_suffix(POISON).unwrap_or(queue);
    let put = of_name(host, to)?.put(to, message.text).await.map_err(refused)?;
    Ok(json!({"id": put, "queue": to}))
}

async fn taken(host: &Host, queue: &str, id: &str) -> Result<Message, Problem> {
    let id = Uuid::parse_str(id).map_err(|_| Problem::bad_request("a message's id is a UUID"))?;
    of_name(host, queue)?.take(queue, id).await.map_err(refused)
}

fn refused(error: QueueError) -> Problem {
    match error {
        QueueError::MessageNotFound => Problem::not_found("the queue holds no such message any more"),
        error => Problem::conflict(error.to_string()),
    }
}
