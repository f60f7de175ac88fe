//! Functions that no HTTP request starts.

use std::sync::{Arc, Mutex};

use azure_functions_handler::{
    Bytes, Functions, InvocationFailed, Json, Logs, Metadata, Outputs, QueueMessage, State, TestApp,
    TimerInfo, TriggerData, other, other_output, queue, queue_output, timer,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::app;

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Job {
    number: u32,
}

/// What handlers saw.
type Seen = Arc<Mutex<Vec<String>>>;

fn see(seen: &Seen, what: String) {
    seen.lock().expect("no test panicked").push(what);
}

#[tokio::test]
async fn a_message_comes_as_bytes_text_or_json() {
    async fn bytes(State(seen): State<Seen>, message: QueueMessage<Bytes>) {
        see(&seen, format!("{:?} {:?}", message.payload, message.dequeue_count));
    }
    async fn text(State(seen): State<Seen>, message: QueueMessage<String>) {
        see(&seen, message.payload);
    }
    async fn json(
        QueueMessage { payload: Json(job), .. }: QueueMessage<Json<Job>>,
        State(seen): State<Seen>,
    ) {
        see(&seen, format!("job {}", job.number));
    }
    let functions: Functions<Seen> = Functions::new()
        .queue("Bytes", "first", bytes)
        .queue("Text", "second", text)
        .queue("Json", queue("third"), json);
    let seen = Seen::default();
    let app = TestApp::new(functions.all().expect("right").with_state(Arc::clone(&seen)));
    assert!(app.queue("Bytes", &b"\xff\x00"[..]).await.succeeded);
    assert!(app.queue("Text", "grüß").await.succeeded);
    assert!(app.queue("Json", r#"{"number":7}"#).await.succeeded);
    assert!(!app.queue("Json", "seven").await.succeeded, "a message of another kind is delivered again");
    assert!(!app.queue("Text", &b"\xff"[..]).await.succeeded);
    let seen = seen.lock().expect("no test panicked");
    assert_eq!(*seen, [r#"b"\xff\0" Some(1)"#, "grüß", "job 7"]);
}

#[tokio::test]
async fn a_failed_message_is_delivered_again_and_sends_nothing() {
    async fn by_reason() -> Result<Outputs, InvocationFailed> {
        Err(InvocationFailed::new("not now"))
    }
    async fn by_error(message: QueueMessage<String>) -> Result<Outputs, InvocationFailed> {
        let number: u32 = message.payload.parse()?;
        Ok(Outputs::new().json("jobs", &Job { number })?)
    }
    async fn by_panic() -> Outputs {
        panic!("a secret")
    }
    let output = || queue_output("jobs", "jobs-queue");
    let functions = Functions::new()
        .queue("Reason", queue("first").output(output()), by_reason)
        .queue("Error", queue("second").output(output()), by_error)
        .queue("Panic", queue("third").output(output()), by_panic);
    let app = app(&functions);
    for name in ["Reason", "Error", "Panic"] {
        let outcome = app.queue(name, "seven").await;
        assert!(!outcome.succeeded && outcome.outputs.is_empty(), "{name}");
    }
    let outcome = app.queue("Error", "7").await;
    assert_eq!(outcome.messages("jobs"), [r#"{"number":7}"#]);
}

#[tokio::test]
async fn a_timer_sees_its_schedule_and_sends_messages() {
    async fn tick(timer: TimerInfo, logs: Logs) -> Outputs {
        logs.push(format!("past due: {}", timer.is_past_due));
        let next = timer.schedule_status.expect("a monitored timer").next;
        Outputs::new().message("ticks", next)
    }
    let trigger = timer("0 * * * * *").output(queue_output("ticks", "tick-queue"));
    let outcome = app(&Functions::new().timer("Tick", trigger, tick)).timer("Tick").await;
    assert_eq!(outcome.logs, ["past due: false"]);
    // A bare date is sent as base64, so that the host does not write it anew.
    assert_eq!(outcome.messages("ticks"), ["2026-01-01T00:00:00+00:00"]);
}

#[tokio::test]
async fn any_other_trigger_brings_its_data_and_metadata() {
    async fn take(data: TriggerData, metadata: Metadata) -> Result<Outputs, InvocationFailed> {
        let job: Job = data.parse()?;
        let subject: String = metadata.get("Subject").ok_or(InvocationFailed::new("no subject"))?;
        Ok(Outputs::new().value("copy", json!({"number": job.number, "subject": subject})))
    }
    let trigger = other("serviceBusTrigger")
        .property("queueName", "jobs")
        .output(other_output("copy", "blob").property("path", "copies/{rand-guid}"));
    let app = app(&Functions::new().other("Take", trigger, take));
    let metadata = Map::from_iter([("Subject".to_owned(), json!("\"greeting\""))]);
    for data in [json!({"number": 7}), json!(r#"{"number":7}"#)] {
        let outcome = app.other("Take", data, metadata.clone()).await;
        assert_eq!(outcome.outputs["copy"], json!({"number": 7, "subject": "greeting"}));
    }
    assert!(!app.other("Take", json!({"number": 7}), Map::new()).await.succeeded);
}

#[tokio::test]
async fn an_output_that_is_not_registered_fails_the_invocation() {
    async fn message() -> Outputs {
        Outputs::new().message("elsewhere", "x")
    }
    async fn value() -> Outputs {
        Outputs::new().value("jobs", "x")
    }
    let output = || queue_output("jobs", "jobs-queue");
    let functions = Functions::new().queue("Message", queue("first").output(output()), message).queue(
        "Value",
        queue("second").output(output()),
        value,
    );
    let app = app(&functions);
    assert!(!app.queue("Message", "x").await.succeeded);
    assert!(!app.queue("Value", "x").await.succeeded);
}

#[tokio::test]
async fn a_callers_request_is_never_a_message_or_timer() {
    async fn nothing() {}
    let app = app(&Functions::new().queue("Take", "first", nothing).timer("Tick", "0 * * * * *", nothing));
    let request = json!({"Url": "http://localhost/Take", "Method": "POST", "Headers": {}});
    let envelope = json!({"Data": {"message": request, "timer": request}, "Metadata": {}});
    assert!(!app.envelope("Take", &envelope).await.succeeded);
    assert!(!app.envelope("Tick", &envelope).await.succeeded);
}

#[tokio::test]
async fn an_unavailable_argument_fails_the_invocation() {
    async fn wrong(_: TimerInfo) {}
    let app = app(&Functions::new().queue("Wrong", "first", wrong));
    assert!(!app.queue("Wrong", "x").await.succeeded);
}

#[tokio::test]
#[should_panic(expected = "no function `Wrok`")]
async fn an_envelope_for_no_function_panics() {
    async fn nothing() {}
    app(&Functions::new().queue("Work", "jobs", nothing)).envelope("Wrok", &json!({})).await;
}

#[test]
fn what_is_registered_can_be_shown() {
    async fn nothing() {}
    let functions = Functions::<()>::new().queue("Work", "jobs", nothing);
    let deployed = functions.all().expect("right");
    let shown = format!("{functions:?} {deployed:?} {:?}", functions.all().expect("right").with_state(()));
    assert_eq!(shown.matches(r#"functions: ["Work"]"#).count(), 3, "{shown}");
}
