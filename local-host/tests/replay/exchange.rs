//! One replay: a recorder, a host, and a caller or a trigger.

use std::{net::SocketAddr, time::Duration};

use local_host::{
    app::{Function, TriggerKind},
    queue_listener::queue_data,
    timers::{schedule::Schedule, timer_data},
};
use serde_json::{Map, Value};

use crate::{
    caller,
    compare::differences,
    host::Host,
    recorder::Recorder,
    recording::{Recording, bytes},
    wire::Message,
};

/// What a replay saw.
pub(crate) struct Seen {
    /// What the worker received.
    pub(crate) requests: Vec<Message>,
    /// What the caller received.
    pub(crate) answer: Option<Message>,
    /// The texts in the queue `outq`.
    pub(crate) messages: Vec<String>,
}

/// Replays a recording.
pub(crate) async fn replay(recording: &Recording) -> Seen {
    let recorder = Recorder::start(recording.0["handlerAnswer"].clone()).await;
    let app = recording.0["app"].as_str().unwrap();
    let host = Host::start(app, &recording.settings(), recorder.address).await;
    let answer = match &recording.0["callerSends"] {
        Value::Null => {
            trigger(&host, recording).await;
            None
        }
        sent => caller::call(host.address, &bytes(sent)).await,
    };
    let mut requests = recorder.seen();
    for request in &mut requests {
        recorded_port(request, recorder.address);
    }
    let messages = host.queues.peek("outq").into_iter().map(|message| message.text).collect();
    Seen { requests, answer, messages }
}

/// Replays a recording and compares.
pub(crate) async fn check(recording: &Recording) -> Vec<String> {
    differences(&recording.0, &replay(recording).await)
}

/// The recordings call the worker's port 8080.
fn recorded_port(request: &mut Message, worker: SocketAddr) {
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("host") && *value == worker.to_string() {
            "127.0.0.1:8080".clone_into(value);
        }
    }
}

/// Starts the function of a recording that has no caller.
async fn trigger(host: &Host, recording: &Recording) {
    let line = recording.0["request"]["line"].as_str().unwrap();
    let name = line.split(' ').nth(1).unwrap().trim_start_matches('/');
    let function = host.app.functions.iter().find(|function| function.name == name).unwrap();
    let (data, metadata) = trigger_value(host, function, recording);
    host.invoker.trigger(function, data, metadata).await.unwrap();
}

/// `Data` and `Metadata` as the queue listener or the timer builds them; `Metadata.sys` is the invoker's.
fn trigger_value(
    host: &Host,
    function: &Function,
    recording: &Recording,
) -> (Map<String, Value>, Map<String, Value>) {
    let Some(text) = recording.0["queueMessageText"].as_str() else {
        let TriggerKind::Timer { schedule, .. } = &function.trigger.kind else { panic!("{function:?}") };
        return (
            timer_data(&function.trigger.binding, &Schedule::parse(schedule).unwrap(), None, false),
            Map::new(),
        );
    };
    host.queues.put("replayed", text.to_owned()).unwrap();
    let messages = host.queues.receive("replayed", 1, Duration::from_mins(10));
    queue_data(function, &messages[0], host.app.host.queues.encoding).unwrap()
}
