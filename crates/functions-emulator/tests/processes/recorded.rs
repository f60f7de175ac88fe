//! Recorded lives of messages and workers, lived again with a real process.

use std::{fs, path::PathBuf};

use functions_emulator::{Event, queues::QueueCounts};
use serde_json::{Value, json};

use crate::app::{Running, TestApp, kill, within};

fn recording(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recordings/{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("a recording")).expect("JSON")
}

/// Hands one message to a function until it has gone to the poison queue; the dequeue counts of its deliveries and
/// what lies in both queues then.
async fn lived(recording: &Value, function: &str) -> (Vec<Value>, Vec<String>, QueueCounts) {
    let mut app = TestApp::new()
        .set("/extensions/queues/visibilityTimeout", "00:00:01")
        .set("/extensions/queues/maxDequeueCount", 3)
        .queue_of_type(function, "jobs", "string");
    for (name, value) in recording["env"].as_object().expect("settings") {
        if name.starts_with("AzureFunctionsJobHost__extensions") {
            app = app.setting(name, value.as_str().expect("a text"));
        }
    }
    let mut running = app.start().await;
    running
        .queues
        .put("jobs", recording["queueMessageText"].as_str().expect("a text").to_owned())
        .expect("put");
    let mut counts = Vec::new();
    for _ in recording["attempts"].as_array().expect("a list") {
        counts.push(running.invoked(function).await["Metadata"]["DequeueCount"].take());
        running.ended(function).await;
        running
            .queues_until(|queues| {
                queues.counts("jobs") != QueueCounts { visible: 0, hidden: 1 } || waits(queues)
            })
            .await;
        running.advance(2);
    }
    running.queues_until(|queues| !queues.peek("jobs-poison").is_empty()).await;
    let poison = running.queues.peek("jobs-poison").into_iter().map(|message| message.text).collect();
    let left = running.queues.counts("jobs");
    running.host.stop().await;
    (counts, poison, left)
}

/// Whether what is hidden waits for the visibility timeout, and not for the lease.
fn waits(queues: &functions_emulator::queues::MemoryQueues) -> bool {
    let now = queues.clock().now();
    queues.peek("jobs").iter().all(|message| (message.next_visible_at - now).num_seconds() <= 1)
}

#[tokio::test]
async fn recorded_ends_in_the_poison_queue_come_again() {
    let cases = [
        ("queue-poison-500", "fail_job"),
        ("queue-poison-badjson", "nonsense_job"),
        ("queue-poison-default-visibility", "fail_job"),
        ("queue-poison-rawtext", "ok_job"),
    ];
    for (name, function) in cases {
        let recording = recording(name);
        let (counts, poison, left) = lived(&recording, function).await;
        let attempts = recording["attempts"].as_array().expect("a list").iter();
        assert_eq!(counts, attempts.map(|one| one["DequeueCount"].clone()).collect::<Vec<_>>(), "{name}");
        assert_eq!(json!(poison), recording["poisonMessages"], "{name}");
        assert_eq!(left, QueueCounts::default(), "{name}");
    }
}

#[tokio::test]
async fn a_timed_out_message_is_retried_then_poisoned() {
    let app = TestApp::new()
        .queue("hang_job", "jobs")
        .set("/functionTimeout", "00:00:01")
        .set("/extensions/queues/visibilityTimeout", "00:00:00")
        .set("/extensions/queues/maxDequeueCount", 2);
    let mut running = app.start().await;
    running.queues.put("jobs", "AAAA".to_owned()).expect("put");
    for count in ["1", "2"] {
        assert_eq!(running.invoked("hang_job").await["Metadata"]["DequeueCount"], count);
        running.next(|event| matches!(event, Event::WorkerStarted { .. }).then_some(())).await;
    }
    running.queues_until(|queues| queues.peek("jobs-poison").len() == 1).await;
    running.host.stop().await;
}

#[tokio::test]
async fn an_http_function_is_proxied_where_host_json_says_so() {
    for (flag, body) in
        [("enableForwardingHttpRequest", true), ("enableProxyingHttpRequest", true), ("unknown", false)]
    {
        let app = TestApp::new().set(&format!("/customHandler/{flag}"), true).http("ok");
        let running = app.start().await;
        let (status, text) = running.get("ok").await;
        assert_eq!(
            (status, text.contains("Outputs")),
            (200, body),
            "{flag}: the worker's own answer, or what it means"
        );
        running.host.stop().await;
    }
}

#[tokio::test]
async fn any_answer_to_the_ping_makes_a_worker_ready() {
    for ping in ["ping-500", "ping-drop"] {
        let running = TestApp::new().setting("ECHO_START", ping).http("ok").start().await;
        assert_eq!(running.get("ok").await.0, 200, "{ping}");
        running.host.stop().await;
    }
}

async fn strikes(running: &mut Running) -> u32 {
    running
        .next(|event| if let Event::WorkerExited { strikes, .. } = event { Some(strikes) } else { None })
        .await
}

#[tokio::test]
async fn a_worker_that_never_answers_the_ping_ends_the_instance() {
    let app = TestApp::new().setting("ECHO_START", "ping-hang").http("ok");
    let mut running = app.set("/customHandler/initializationTimeout", "00:00:01").launch().await;
    assert_eq!(running.get("ok").await.0, 500);
    assert_eq!(strikes(&mut running).await, 1);
    let next = running.next(|event| match event {
        Event::InstanceEnded => Some("the instance ends"),
        Event::WorkerStarted { .. } => Some("another try"),
        _ => None,
    });
    assert_eq!(next.await, "the instance ends");
    running.host.stop().await;
}

#[tokio::test]
async fn a_worker_that_is_killed_gets_a_strike_and_a_successor() {
    let mut running = TestApp::new().http("ok").start().await;
    kill(running.host.worker_pid().expect("it runs"));
    assert_eq!(strikes(&mut running).await, 1);
    assert_eq!(running.get("ok").await.0, 200);
    running.host.stop().await;
}

#[tokio::test]
async fn a_call_waits_for_a_worker_that_is_slow_to_listen() {
    let app = TestApp::new();
    let file = app.options.app_root.join("listen");
    let mut running =
        app.setting("ECHO_START", &format!("when {}", file.display())).http("ok").launch().await;
    let call = running.call("ok");
    running.line(|line| (line == "waiting").then_some(())).await;
    fs::write(file, "").expect("a file");
    assert_eq!(within(call).await.expect("an answer").0, 200);
    running.host.stop().await;
}
