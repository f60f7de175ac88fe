//! Queues and their messages.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{api::Outcome, problem::Problem};
use crate::{
    app::{App, MessageEncoding, OutputKind, TriggerKind, is_queue_name},
    queues::{Message, QueueError, Queues, TIME_TO_LIVE},
    supervisor::Host,
};

const POISON: &str = "-poison";

/// A message to put.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewMessage {
    text: String,
    /// The text is put as it is, whatever encoding host.json names.
    #[serde(default)]
    raw: bool,
    #[serde(default)]
    delay_seconds: u64,
}

/// Every queue that the app names or that holds something, and its messages.
pub(super) async fn all(host: &Host) -> Outcome {
    let instance = host.instance();
    let app = instance.as_ref().map(|instance| instance.app());
    let mut shown = Vec::new();
    for name in names(app, &host.options().queues) {
        shown.push(one(host, app, &name).await?);
    }
    Ok(Value::Array(shown))
}

async fn one(host: &Host, app: Option<&App>, name: &str) -> Outcome {
    let queues = &host.options().queues;
    let counts = queues.counts(name).await.map_err(refused)?;
    let messages = queues.look(name).await.map_err(refused)?;
    let now = queues.clock().now();
    let messages: Vec<Value> =
        messages.iter().map(|one| message(one, app, one.next_visible_at > now)).collect();
    let reader = app.and_then(|app| {
        let reads = |kind: &TriggerKind| matches!(kind, TriggerKind::Queue { queue } if queue == name);
        app.functions.iter().find(|function| reads(&function.trigger.kind))
    });
    Ok(json!({
        "name": name,
        "readBy": reader.map(|function| &function.name),
        "isPoison": name.ends_with(POISON),
        "visible": counts.visible,
        "hidden": counts.hidden,
        "messages": messages,
    }))
}

fn message(message: &Message, app: Option<&App>, hidden: bool) -> Value {
    let is_encoded = app.is_none_or(|app| app.host.queues.encoding == MessageEncoding::Base64);
    let decoded = is_encoded.then(|| STANDARD.decode(&message.text).ok()).flatten();
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
    })
}

fn names(app: Option<&App>, queues: &Queues) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for function in app.iter().flat_map(|app| &app.functions) {
        if let TriggerKind::Queue { queue } = &function.trigger.kind {
            names.insert(queue.clone());
            if !queue.ends_with(POISON) {
                names.insert(format!("{queue}{POISON}"));
            }
        }
        names.extend(function.outputs.iter().filter_map(|output| match &output.kind {
            OutputKind::Queue { queue } => Some(queue.clone()),
            OutputKind::Http | OutputKind::Other { .. } => None,
        }));
    }
    if let Queues::Memory(queues) = queues {
        names.extend(queues.names());
    }
    names
}

/// Puts a message as a sender outside the app would.
pub(super) async fn put(host: &Host, queue: &str, new: NewMessage) -> Outcome {
    if !is_queue_name(&queue.to_lowercase()) {
        return Err(Problem::malformed(format!("{queue:?} is no name for a queue")));
    }
    let instance = host.instance();
    let encoding = instance.map(|instance| instance.app().host.queues.encoding);
    let text = match encoding {
        Some(MessageEncoding::None) => new.text,
        _ if new.raw => new.text,
        _ => STANDARD.encode(new.text),
    };
    let delay = Duration::from_secs(new.delay_seconds);
    let put = host.options().queues.put_later(queue, text, delay, Some(TIME_TO_LIVE)).await;
    Ok(json!({"id": put.map_err(refused)?}))
}

/// Removes every message.
pub(super) async fn purge(host: &Host, queue: &str) -> Outcome {
    host.options().queues.purge(queue).await.map_err(refused)?;
    Ok(json!({}))
}

/// Removes one message.
pub(super) async fn remove(host: &Host, queue: &str, id: &str) -> Outcome {
    taken(host, queue, id).await?;
    Ok(json!({}))
}

/// Moves a message to the end of its queue, out of a poison queue to the queue that it came from: a new message with the
/// same text and no deliveries yet.
pub(super) async fn requeue(host: &Host, queue: &str, id: &str) -> Outcome {
    let message = taken(host, queue, id).await?;
    let to = queue.strip_suffix(POISON).unwrap_or(queue);
    let put = host.options().queues.put(to, message.text).await.map_err(refused)?;
    Ok(json!({"id": put, "queue": to}))
}

async fn taken(host: &Host, queue: &str, id: &str) -> Result<Message, Problem> {
    let id = Uuid::parse_str(id).map_err(|_| Problem::malformed("a message's id is a UUID"))?;
    host.options().queues.take(queue, id).await.map_err(refused)
}

fn refused(error: QueueError) -> Problem {
    match error {
        QueueError::NoMessage => Problem::missing("the queue holds no such message any more"),
        error => Problem::impossible(error.to_string()),
    }
}
