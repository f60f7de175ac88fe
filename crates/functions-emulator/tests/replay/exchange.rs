//! One replay: a recorder, a host, and a caller or a trigger.

use std::{net::SocketAddr, time::Duration};

use functions_emulator::{
    app::{Function, TriggerKind},
    queue_listener::queue_data,
    timers::{TimerStatus, schedule::Schedule, timer_data},
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
        sent if !recording.0["callerClosesAfterSeconds"].is_null() => {
            let after = recording.0["callerClosesAfterSeconds"].as_f64().unwrap();
            caller::call_and_leave(host.address, &bytes(sent), Duration::from_secs_f64(after)).await;
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
pub(crate) fn recorded_port(request: &mut Message, worker: SocketAddr) {
    for (name, value) in &mut request.headers {
        if name.eq_ignore_ascii_case("host") && *value == worker.to_string() {
            "127.0.0.1:8080".clone_into(value);
        }
    }
}

/// Starts the function of a recording that has no caller.
async fn trigger(host: &Host, recording: &Recording) {
    let line = recording.0["request"]["line"].as_str();
    let uncalled = if recording.name().starts_with("qin-string-") { "qinstr" } else { "qin" };
    let name = line.map_or(uncalled, |line| line.split(' ').nth(1).unwrap().trim_start_matches('/'));
    let function = host.app.functions.iter().find(|function| function.name == name).unwrap();
    if let Some((data, metadata)) = trigger_value(host, function, recording) {
        // Where the worker fails on purpose, this does too; what it was asked is compared all the same.
        host.invoker.trigger(function, data, metadata).await.ok();
    }
}

/// `Data` and `Metadata` as the queue listener or the timer builds them, none for a message that reaches no worker;
/// `Metadata.sys` is the invoker's.
fn trigger_value(
    host: &Host,
    function: &Function,
    recording: &Recording,
) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let Some(text) = recording.0["queueMessageText"].as_str() else {
        let TriggerKind::Timer { schedule, .. } = &function.trigger.kind else { panic!("{function:?}") };
        let schedule = Schedule::parse(schedule).unwrap();
        let now = host.queues.clock().now();
        let last = (!recording.name().ends_with("-1")).then_some(now);
        let monitored = recording.0["app"] == "apptm";
        let status = monitored.then(|| TimerStatus { last, next: schedule.next_after(now) });
        let data = timer_data(&function.trigger.binding, &schedule, status.as_ref(), false);
        return Some((data, Map::new()));
    };
    host.queues.put("replayed", text.to_owned()).unwrap();
    let messages = host.queues.receive("replayed", 1, Duration::from_mins(10));
    queue_data(function, &messages[0], host.app.host.queues.encoding).ok()
}
