//! The life of a message between its queue and the worker: `docs/reference/host-protocol.md#queue-trigger` and
//! `docs/reference/host-protocol.md#life-of-a-message`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_emulator::{
    Event,
    app::{Connection, DataType, Function, MessageEncoding, Trigger, TriggerKind},
    queue_listener::{InvalidMessage, queue_data},
    queues::{MemoryQueues, Message},
};
use serde_json::{Value, json};

use crate::app::{TestApp, kill, noon};

const TEXT: &str = "eyJrIjoxfQ==";

fn message(text: &str) -> Message {
    let queues = MemoryQueues::with_clock(functions_emulator::clock::Clock::stopped_at(noon()));
    queues.put("jobs", text.to_owned()).expect("a small text");
    queues.receive("jobs", 1, Duration::from_mins(10)).remove(0)
}

fn function(data_type: DataType) -> Function {
    let kind = TriggerKind::Queue { queue: "jobs".to_owned(), connection: Connection::default() };
    Function {
        name: "qin".to_owned(),
        trigger: Trigger { binding: "job".to_owned(), kind, data_type },
        outputs: Vec::new(),
        inputs: Vec::new(),
        retry: None,
    }
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

#[test]
fn a_binary_trigger_gets_base64_and_message_metadata() {
    let message = message("AAH//g==");
    let (data, metadata) =
        queue_data(&function(DataType::Binary), &message, MessageEncoding::Base64).unwrap();
    assert_eq!(Value::Object(data), json!({ "job": "AAH//g==" }));
    let expected = json!({
        "DequeueCount": "1",
        "ExpirationTime": "2026-03-09T12:00:00+00:00",
        "Id": format!("\"{}\"", message.id),
        "InsertionTime": "2026-03-02T12:00:00+00:00",
        "NextVisibleTime": "2026-03-02T12:10:00+00:00",
        "PopReceipt": format!("\"{}\"", message.pop_receipt),
    });
    assert_eq!(Value::Object(metadata), expected);
}

#[test]
fn a_text_trigger_gets_json_in_json() {
    let payload = r#"{"jobId":"7f3c","n":2,"f":1.50,"t":true,"nil":null,"list":[1],"o":{"w":1},"id":"x","anyTrigger":1}"#;
    let shown = queue_data(&function(DataType::String), &message(&base64(payload)), MessageEncoding::Base64);
    let (data, metadata) = shown.unwrap();
    assert_eq!(data["job"], Value::from(payload).to_string());
    let of = |name: &str| metadata.get(name).cloned();
    assert_eq!(of("jobId"), Some(json!("\"7f3c\"")));
    assert_eq!(of("n"), Some(json!("\"2\"")));
    assert_eq!(of("f"), Some(json!("\"1.5\"")));
    assert_eq!(of("t"), Some(json!("\"True\"")));
    assert_eq!(of("o"), Some(json!({ "w": 1 })));
    assert_eq!(of("Id"), Some(json!("\"x\"")));
    assert_eq!((of("nil"), of("list"), of("id"), of("anyTrigger")), (None, None, None, None));
    let unicode = message(&base64("gr\u{fc}\u{df} \u{2028}"));
    let (data, _) = queue_data(&function(DataType::Unset), &unicode, MessageEncoding::Base64).unwrap();
    assert_eq!(data["job"], "\"gr\u{fc}\u{df} \\u2028\"");
}

#[test]
fn what_cannot_be_decoded_is_told_apart_from_what_is_not_text() {
    let of = |data_type, text| {
        queue_data(&function(data_type), &message(text), MessageEncoding::Base64).map(drop).unwrap_err()
    };
    assert_eq!(of(DataType::Binary, "hello world!"), InvalidMessage::Undecodable);
    assert_eq!(of(DataType::Binary, "abc"), InvalidMessage::Undecodable);
    assert_eq!(of(DataType::String, "//5B"), InvalidMessage::NotText);
    let plain = queue_data(&function(DataType::Binary), &message("hello"), MessageEncoding::None).unwrap();
    assert_eq!(plain.0["job"], "aGVsbG8=");
}

#[tokio::test]
async fn a_message_is_deleted_when_its_function_succeeds() {
    let mut running = TestApp::new().queue("ok_job", "jobs").start().await;
    running.queues.put("jobs", TEXT.to_owned()).unwrap();
    assert_eq!(running.invoked("ok_job").await["Data"], json!({ "job": TEXT }));
    running.queues_until(|queues| queues.peek("jobs").is_empty()).await;
    running.host.stop().await;
}

#[tokio::test]
async fn a_failed_message_is_retried_then_poisoned() {
    let mut running = TestApp::new().queue("fail_job", "jobs").start().await;
    let id = running.queues.put("jobs", TEXT.to_owned()).unwrap();
    for delivery in ["1", "2"] {
        let metadata = running.invoked("fail_job").await["Metadata"].take();
        assert_eq!(metadata["DequeueCount"], delivery);
        assert_eq!(metadata["Id"], format!("\"{id}\""));
        let due = running.queues.clock().now() + Duration::from_mins(1);
        running.queues_until(|queues| queues.peek("jobs")[0].next_visible_at == due).await;
        running.advance(60);
    }
    assert_eq!(running.invoked("fail_job").await["Metadata"]["DequeueCount"], "3");
    let poisoned = running
        .next(|event| if let Event::Poisoned { queue, id } = event { Some((queue, id)) } else { None })
        .await;
    assert_eq!(poisoned, ("jobs".to_owned(), id));
    assert!(running.queues.peek("jobs").is_empty());
    let copy = running.queues.peek("jobs-poison").remove(0);
    assert_eq!((copy.text.as_str(), copy.dequeue_count), (TEXT, 0));
    running.host.stop().await;
}

#[tokio::test]
async fn a_poison_queue_has_no_poison_queue() {
    let app = TestApp::new().queue("fail_job", "jobs-poison").set("/extensions/queues/maxDequeueCount", 2);
    let mut running = app.start().await;
    running.queues.put("jobs-poison", TEXT.to_owned()).unwrap();
    for _ in 0..2 {
        running.invoked("fail_job").await;
        running.next(|event| matches!(event, Event::Invoked { succeeded: false, .. }).then_some(())).await;
        let lease_end = running.queues.clock().now() + Duration::from_mins(10);
        assert_eq!(running.queues.peek("jobs-poison")[0].next_visible_at, lease_end);
        running.advance(600);
    }
    assert_eq!(running.queues.names(), ["jobs-poison"]);
    running.host.stop().await;
}

#[tokio::test]
async fn what_is_not_base64_goes_to_the_poison_queue_without_a_call() {
    let mut running = TestApp::new().queue("ok_job", "jobs").start().await;
    running.queues.put("jobs", "hello world!".to_owned()).unwrap();
    running.queues.put("jobs", TEXT.to_owned()).unwrap();
    assert_eq!(running.invoked("ok_job").await["Data"]["job"], TEXT);
    running.queues_until(|queues| queues.peek("jobs").is_empty()).await;
    assert_eq!(running.queues.peek("jobs-poison")[0].text, "hello world!");
    running.host.stop().await;
}

#[tokio::test]
async fn what_is_no_text_goes_to_the_poison_queue_without_a_call() {
    let mut running = TestApp::new().queue_of_type("ok_job", "jobs", "string").start().await;
    running.queues.put("jobs", "//5B".to_owned()).unwrap();
    running.queues.put("jobs", TEXT.to_owned()).unwrap();
    assert_eq!(running.invoked("ok_job").await["Metadata"]["DequeueCount"], "1");
    running.queues_until(|queues| queues.peek("jobs").is_empty()).await;
    assert_eq!(running.queues.peek("jobs-poison")[0].text, "//5B");
    running.host.stop().await;
}

#[tokio::test]
async fn a_poison_queue_keeps_what_its_trigger_cannot_decode() {
    let mut running = TestApp::new().queue("ok_job", "jobs-poison").start().await;
    running.queues.put("jobs-poison", "hello world!".to_owned()).unwrap();
    running.queues.put("jobs-poison", TEXT.to_owned()).unwrap();
    for delivery in 1..=4 {
        running
            .queues_until(|queues| {
                queues.peek("jobs-poison").iter().all(|message| message.dequeue_count == delivery)
            })
            .await;
        if delivery == 1 {
            assert_eq!(running.invoked("ok_job").await["Data"]["job"], TEXT);
            running.queues_until(|queues| queues.peek("jobs-poison").len() == 1).await;
        }
        running.advance(600);
    }
    assert_eq!(running.queues.names(), ["jobs-poison"]);
    running.host.stop().await;
}

#[tokio::test]
async fn a_message_above_the_limit_is_poisoned_without_a_call() {
    let app = TestApp::new().queue("ok_job", "jobs").set("/extensions/queues/maxDequeueCount", 1);
    let queues = app.queues.clone();
    queues.put("jobs", TEXT.to_owned()).unwrap();
    let taken = queues.receive("jobs", 1, Duration::from_secs(1)).remove(0);
    queues.update("jobs", taken.id, &taken.pop_receipt, Duration::ZERO).unwrap();
    let mut running = app.start().await;
    running.next(|event| matches!(event, Event::Poisoned { .. }).then_some(())).await;
    assert_eq!(queues.counts("jobs-poison").visible, 1);
    running.host.stop().await;
}

#[tokio::test]
async fn the_lease_is_renewed_for_as_long_as_the_function_runs() {
    let mut running = TestApp::new().queue("wait_job", "jobs").http("release").start().await;
    running.queues.put("jobs", TEXT.to_owned()).unwrap();
    running.invoked("wait_job").await;
    let mut receipt = running.queues.peek("jobs")[0].pop_receipt.clone();
    for _ in 0..3 {
        running.advance(300);
        running.queues_until(|queues| queues.peek("jobs")[0].pop_receipt != receipt).await;
        receipt.clone_from(&running.queues.peek("jobs")[0].pop_receipt);
    }
    assert_eq!(running.queues.peek("jobs")[0].dequeue_count, 1);
    running.get("release").await;
    running.queues_until(|queues| queues.peek("jobs").is_empty()).await;
    running.host.stop().await;
}

#[tokio::test]
async fn an_expired_lease_cannot_delete() {
    let app = TestApp::new().queue("wait_job", "jobs").http("release");
    let mut running = app.setting("FUNCTIONS_EMULATOR_QUEUE_LEASE", "00:00:10").start().await;
    running.queues.put("jobs", TEXT.to_owned()).unwrap();
    running.invoked("wait_job").await;
    // Both the renewal and the end of the lease are due; a receive that comes first takes the message over.
    running.advance(10);
    let taken = running.queues.receive("jobs", 1, Duration::from_hours(1));
    running.get("release").await;
    running.next(|event| matches!(event, Event::Invoked { succeeded: true, .. }).then_some(())).await;
    assert_eq!((taken.len(), taken[0].dequeue_count), (1, 2));
    running.queues.delete("jobs", taken[0].id, &taken[0].pop_receipt).unwrap();
    running.host.stop().await;
}

#[tokio::test]
async fn the_next_batch_waits_for_the_threshold() {
    let app = TestApp::new().queue("wait_job", "jobs").http("release");
    let app = app.set("/extensions/queues/batchSize", 2).set("/extensions/queues/newBatchThreshold", 0);
    let mut running = app.start().await;
    for _ in 0..3 {
        running.queues.put("jobs", TEXT.to_owned()).unwrap();
    }
    running.invoked("wait_job").await;
    running.invoked("wait_job").await;
    assert_eq!(running.queues.peek("jobs")[2].dequeue_count, 0);
    running.get("release").await;
    running.queues_until(|queues| queues.peek("jobs").len() == 2).await;
    assert_eq!(running.queues.peek("jobs")[1].dequeue_count, 0);
    running.get("release").await;
    running.invoked("wait_job").await;
    running.get("release").await;
    running.queues_until(|queues| queues.peek("jobs").is_empty()).await;
    running.host.stop().await;
}

#[tokio::test]
async fn a_worker_killed_during_a_message_costs_one_delivery() {
    let mut running = TestApp::new().queue("hang_job", "jobs").start().await;
    running.queues.put("jobs", TEXT.to_owned()).unwrap();
    running.invoked("hang_job").await;
    let pid = running.host.worker_pid().expect("it runs");
    kill(pid);
    let due = noon() + Duration::from_mins(1);
    running.queues_until(|queues| queues.peek("jobs")[0].next_visible_at == due).await;
    running.next(|event| matches!(event, Event::WorkerReady { .. }).then_some(())).await;
    running.advance(60);
    assert_eq!(running.invoked("hang_job").await["Metadata"]["DequeueCount"], "2");
    assert_ne!(running.host.worker_pid(), Some(pid));
    running.host.stop().await;
}
