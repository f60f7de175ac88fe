//! The life of a message between a real queue server and the worker:
//! `docs/reference/host-protocol.md#life-of-a-message`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_emulator::{
    Event, Events,
    app::Connection,
    clock::Clock,
    queues::{Connections, QueueCounts, Queues},
};
use serde_json::json;
use test_servers::azurite::Azurite;

use crate::app::{Running, TestApp, kill, within};

const TEXT: &str = "eyJrIjoxfQ==";

/// An app whose queues are at a server; the settings shorten what a test would have to wait for.
fn app(account: &str) -> (TestApp, Queues) {
    let settings = [("AzureWebJobsStorage".to_owned(), account.to_owned())];
    let mut app = TestApp::new()
        .set("/extensions/queues/visibilityTimeout", "00:00:01")
        .set("/extensions/queues/maxPollingInterval", "00:00:01");
    let events: Events = app.options.events.clone();
    app.options.queues = Connections::from_settings(&settings, Clock::system(), events);
    let queues = app.options.queues.queues(&Connection::default()).expect("the account is on this machine");
    (app, queues)
}

fn fresh() -> (TestApp, Queues) {
    app(&Azurite::shared().expect("a queue server can be had").account())
}

/// A function that answers HTTP and sends a message to the queue `jobs`.
async fn until_empty(queues: &Queues, queue: &str) {
    let mut look_again = tokio::time::interval(Duration::from_millis(20));
    within(async {
        while queues.counts(queue).await.expect("the server answers") != QueueCounts::default() {
            look_again.tick().await;
        }
    })
    .await;
}

async fn failed_again(running: &mut Running, delivery: &str) {
    assert_eq!(running.invoked("fail_job").await["Metadata"]["DequeueCount"], delivery);
}

#[tokio::test]
async fn a_message_is_deleted_when_its_function_succeeds() {
    let (app, queues) = fresh();
    let mut running = app.queue("ok_job", "jobs").start().await;
    let id = queues.put("jobs", TEXT.to_owned()).await.unwrap();
    let envelope = running.invoked("ok_job").await;
    assert_eq!(envelope["Data"], json!({ "job": TEXT }));
    assert_eq!(envelope["Metadata"]["Id"], format!("\"{id}\""));
    assert_eq!(envelope["Metadata"]["DequeueCount"], "1");
    until_empty(&queues, "jobs").await;
    running.host.stop().await;
}

#[tokio::test]
async fn a_text_of_messages_without_encoding_reaches_its_function() {
    let (app, queues) = fresh();
    let app = app.set("/extensions/queues/messageEncoding", "none").queue("ok_job", "jobs");
    let mut running = app.start().await;
    let text = "<\u{fc}> & \"it\"";
    queues.put("jobs", text.to_owned()).await.unwrap();
    assert_eq!(running.invoked("ok_job").await["Data"]["job"], STANDARD.encode(text));
    until_empty(&queues, "jobs").await;
    running.host.stop().await;
}

#[tokio::test]
async fn a_failed_message_comes_back_and_is_poisoned_at_the_limit() {
    let (app, queues) = fresh();
    let mut running = app.queue("fail_job", "jobs").start().await;
    let id = queues.put("jobs", TEXT.to_owned()).await.unwrap();
    for delivery in ["1", "2", "3"] {
        failed_again(&mut running, delivery).await;
    }
    let poisoned = running
        .next(|event| if let Event::Poisoned { queue, id } = event { Some((queue, id)) } else { None })
        .await;
    assert_eq!(poisoned, ("jobs".to_owned(), id));
    until_empty(&queues, "jobs").await;
    let copy = queues.receive("jobs-poison", 32, Duration::from_mins(1)).await.unwrap();
    assert_eq!((copy[0].text.as_str(), copy[0].dequeue_count, copy.len()), (TEXT, 1, 1));
    assert_ne!(copy[0].id, id);
    running.host.stop().await;
}

#[tokio::test]
async fn what_is_not_base64_goes_to_the_poison_queue_without_a_call() {
    let (app, queues) = fresh();
    let mut running = app.queue("ok_job", "jobs").start().await;
    queues.put("jobs", "hello world!".to_owned()).await.unwrap();
    queues.put("jobs", TEXT.to_owned()).await.unwrap();
    assert_eq!(running.invoked("ok_job").await["Data"]["job"], TEXT);
    until_empty(&queues, "jobs").await;
    assert_eq!(queues.peek("jobs-poison").await.unwrap(), ["hello world!"]);
    running.host.stop().await;
}

#[tokio::test]
async fn the_lease_is_renewed_for_as_long_as_the_function_runs() {
    let (app, queues) = fresh();
    let app =
        app.queue("wait_job", "jobs").http("release").setting("FUNCTIONS_EMULATOR_QUEUE_LEASE", "00:00:02");
    let mut running = app.start().await;
    queues.put("jobs", TEXT.to_owned()).await.unwrap();
    running.invoked("wait_job").await;
    let mut told = running.listen();
    let end = queues.clock().now() + Duration::from_secs(4);
    within(queues.clock().sleep_until(end)).await;
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts { visible: 0, hidden: 1 });
    running.get("release").await;
    until_empty(&queues, "jobs").await;
    running.host.stop().await;
    while let Ok(event) = told.try_recv() {
        let again = matches!(&event, Event::Output { line, .. } if line.starts_with("invoked wait_job"));
        assert!(!again, "no other receiver was given the message");
    }
}

#[tokio::test]
async fn a_worker_killed_during_a_message_costs_one_delivery() {
    let (app, queues) = fresh();
    let mut running = app.queue("hang_job", "jobs").start().await;
    queues.put("jobs", TEXT.to_owned()).await.unwrap();
    running.invoked("hang_job").await;
    kill(running.host.worker_pid().expect("it runs"));
    assert_eq!(running.invoked("hang_job").await["Metadata"]["DequeueCount"], "2");
    running.host.stop().await;
}

#[tokio::test]
async fn an_output_reaches_the_consumer_of_its_queue() {
    let (app, queues) = fresh();
    let mut running = app.queue("ok_job", "jobs").sender().start().await;
    for _ in 0..3 {
        assert_eq!(running.get("send").await.0, 200);
        assert_eq!(running.invoked("ok_job").await["Data"]["job"], "AAAA");
    }
    until_empty(&queues, "jobs").await;
    running.host.stop().await;
}

#[tokio::test]
async fn outputs_fail_while_the_queue_server_is_down() {
    let mut server = tokio::task::spawn_blocking(Azurite::start).await.unwrap().unwrap();
    let (app, queues) = app(&server.account());
    let mut running = app.queue("ok_job", "jobs").queue("ok_other", "others").sender().start().await;
    assert_eq!(running.get("send").await.0, 200);
    running.invoked("ok_job").await;
    until_empty(&queues, "jobs").await;
    server.stop();
    running.next(|event| matches!(event, Event::QueuesUnavailable { .. }).then_some(())).await;
    let mut told = running.listen();
    for _ in 0..3 {
        assert_eq!(running.get("send").await.0, 500);
    }
    server.start_again().unwrap();
    running.next(|event| matches!(event, Event::QueuesAvailable).then_some(())).await;
    while let Ok(event) = told.try_recv() {
        assert!(
            !matches!(event, Event::QueuesUnavailable { .. } | Event::ProtocolViolation { .. }),
            "{event:?}"
        );
    }
    assert_eq!(running.get("send").await.0, 200);
    running.invoked("ok_job").await;
    until_empty(&queues, "jobs").await;
    running.host.stop().await;
}

#[tokio::test]
async fn each_binding_has_the_queues_of_its_own_connection() {
    let (one, two) = (Azurite::start().unwrap(), Azurite::start().unwrap());
    let settings = [("WorkQueues".to_owned(), one.account()), ("AzureWebJobsDone".to_owned(), two.account())];
    let trigger = |connection: &str, queue: &str| {
        json!([{ "type": "queueTrigger", "direction": "in", "name": "job", "dataType": "binary",
            "queueName": queue, "connection": connection }])
    };
    let mut app = TestApp::new()
        .setting("CONNECTION", "Done")
        .set("/extensions/queues/maxDequeueCount", 1)
        .function("fail_job", &trigger("WorkQueues", "jobs"))
        .function("ok_job", &trigger("Done", "jobs"))
        .function("ok_other", &trigger("", "jobs"))
        .function(
            "send",
            &json!([
                { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous" },
                { "type": "http", "direction": "out", "name": "res" },
                { "type": "queue", "direction": "out", "name": "msg", "queueName": "jobs",
                    "connection": "%CONNECTION%" },
            ]),
        );
    let events = app.options.events.clone();
    app.options.queues = Connections::from_settings(&settings, Clock::system(), events);
    let connections = app.options.queues.clone();
    let of = |name: &str| connections.queues(&Connection::from_name(name)).expect("it is on this machine");
    let mut running = app.start().await;
    of("WorkQueues").put("jobs", TEXT.to_owned()).await.unwrap();
    assert_eq!(running.invoked("fail_job").await["Data"]["job"], TEXT);
    until_empty(&of("WorkQueues"), "jobs").await;
    assert_eq!(of("WorkQueues").peek("jobs-poison").await.unwrap(), [TEXT]);
    assert_eq!(of("Done").counts("jobs-poison").await.unwrap(), QueueCounts::default());
    assert_eq!(running.get("send").await.0, 200);
    assert_eq!(running.invoked("ok_job").await["Data"]["job"], "AAAA");
    until_empty(&of("Done"), "jobs").await;
    connections.in_process().put("jobs", "AQID".to_owned()).unwrap();
    assert_eq!(running.invoked("ok_other").await["Data"]["job"], "AQID");
    running.host.stop().await;
}

#[tokio::test]
async fn a_connection_to_the_cloud_stops_the_start_and_is_named() {
    let settings =
        [("WorkQueues__queueServiceUri".to_owned(), "https://one.queue.core.windows.net".to_owned())];
    let mut app = TestApp::new().function(
        "ok_job",
        &json!([{ "type": "queueTrigger", "direction": "in", "name": "job", "queueName": "jobs",
            "connection": "WorkQueues" }]),
    );
    app.options.queues = Connections::from_settings(&settings, Clock::system(), Events::new());
    let refusal = app.refusal().await;
    assert!(refusal.contains("WorkQueues__queueServiceUri names https://one"), "{refusal}");
}
