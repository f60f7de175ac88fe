//! What an invocation leaves in the log.

use std::{
    cell::RefCell,
    io::Write,
    sync::{Arc, Mutex, Once},
};

use azure_functions_handler::{
    Functions, InvocationFailed, Json, Path, QueueMessage, TriggerData, other, post,
};
use serde_json::Value;

use crate::{
    app::LIMITS,
    envelope::call,
    wire::{Server, Wire, request, send, serve, server, sized, traced},
};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

thread_local! {
    /// What this thread logs. A test and the app that it starts run on one thread.
    static CURRENT: RefCell<Log> = RefCell::default();
}

/// What was logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines that end an invocation, and forgets all.
    fn ended(&self) -> Vec<Value> {
        let lines: Vec<Value> = self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        self.0.lock().unwrap().clear();
        lines.into_iter().filter(|line| line["fields"]["message"] == "invocation ended").collect()
    }
}

/// The test app, and what it logs.
pub(crate) async fn logging() -> (Server, Log) {
    let log = watched();
    (server().await, log)
}

/// Catches what the test's thread logs. The subscriber listens for the whole process: tracing remembers of each place in
/// the code whether anybody listens, so that a subscriber of one test misses what another test reaches first.
pub(crate) fn watched() -> Log {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let writer = || CURRENT.with_borrow(Log::clone);
        let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    let log = Log::default();
    CURRENT.set(log.clone());
    log
}

#[tokio::test]
async fn one_line_ends_each_invocation() {
    let (server, log) = logging().await;
    let queued = |payload: &str| sized(&server, "Take", &format!(r#"{{"Data":{{"job":"{payload}"}}}}"#));
    for (sent, function, trigger, outcome, status) in [
        (request("GET", "/api/say/made", &[], ""), "Say", "http", "ok", 201),
        (request("GET", "/api/say/no", &[], ""), "Say", "http", "refused", 403),
        (request("GET", "/api/boom", &[], ""), "Boom", "http", "failed", 500),
        (request("GET", "/api/nowhere", &[], ""), "", "none", "refused", 404),
        (sized(&server, "Say", &call("GET", "http://h/api/say/no", "")), "Say", "http", "refused", 403),
        (sized(&server, "Boom", &call("GET", "http://h/api/boom", "")), "Boom", "http", "failed", 500),
        (queued("aGVsbG8="), "Take", "queue", "ok", 200),
        (queued("YWdhaW4="), "Take", "queue", "failed", 500),
        (sized(&server, "Tick", r#"{"Data":{"tick":{}}}"#), "Tick", "timer", "ok", 200),
        (sized(&server, "Tick", "{}"), "Tick", "timer", "failed", 500),
    ] {
        send(&server, &sent).await;
        let ended = log.ended();
        assert_eq!(ended.len(), 1, "{sent}");
        let (line, span) = (&ended[0]["fields"], &ended[0]["span"]);
        assert_eq!((&line["trigger"], &line["outcome"]), (&trigger.into(), &outcome.into()), "{sent}");
        assert_eq!(line["status"], status, "{sent}");
        assert!(line["duration_ms"].is_u64(), "{sent}");
        assert_eq!((&span["name"], &span["function"]), (&"invocation".into(), &function.into()), "{sent}");
        assert_eq!(span["trace_id"].as_str().unwrap().len(), 32, "{sent}");
        assert_eq!(span["invocation_id"].as_str().unwrap().len(), 36, "{sent}");
    }
}

#[tokio::test]
async fn a_ping_leaves_no_line() {
    let (server, log) = logging().await;
    send(&server, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(log.text(), "");
}

#[tokio::test]
async fn an_unreadable_head_is_logged_without_its_content() {
    let (server, log) = logging().await;
    for (head, status) in [("hunter2\r\n\r\n", Some(400)), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None)] {
        let mut wire = Wire::to(&server).await;
        wire.write(head).await;
        if status.is_some() {
            wire.read().await;
        }
        assert!(wire.is_closed().await);
        let text = log.text();
        log.ended();
        let line: Value =
            serde_json::from_str(text.trim_end()).unwrap_or_else(|_| panic!("one line: {text}"));
        assert_eq!(
            (&line["level"], &line["fields"]["event"]),
            (&"WARN".into(), &"request-head-invalid".into())
        );
        assert_eq!(line["fields"].get("status"), status.map(Value::from).as_ref());
        assert_eq!(line["span"]["invocation_id"].as_str().unwrap().len(), 36);
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn log_lines_carry_trace_and_invocation() {
    let (server, log) = logging().await;
    let id = "bce087f8-9028-436f-84ae-194897c7d588";
    let headers = [("traceparent", TRACE), ("X-Azure-Functions-InvocationId", id)];
    send(&server, request("GET", "/api/say/hello", &headers, "")).await;
    let ended = log.ended();
    assert_eq!(ended[0]["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(ended[0]["span"]["invocation_id"], id);
}

#[tokio::test]
async fn exported_spans_continue_the_callers_trace() {
    let log = watched();
    let server = traced().await;
    let envelope = sized(&server, "Echo", &call("POST", "http://h/api/things/a/1", "{}"));
    let enveloped = envelope.replacen("\r\n", &format!("\r\ntraceparent: {TRACE}\r\n"), 1);
    let direct = request("POST", "/api/things/a/1", &[("traceparent", TRACE)], "");
    for (sent, in_envelope) in [(direct, false), (enveloped, true)] {
        let reply = send(&server, &sent).await;
        let seen = if in_envelope {
            serde_json::from_str(reply.res()["body"].as_str().unwrap()).unwrap()
        } else {
            reply.json()
        };
        let ended = log.ended();
        let span = &ended[0]["span"];
        assert_eq!(span["parent_span_id"], "b7ad6b7169203331");
        let own = span["span_id"].as_str().unwrap();
        assert!(own.len() == 16 && own != "b7ad6b7169203331");
        assert_eq!(seen["traceparent"], format!("00-0af7651916cd43dd8448eb211c80319c-{own}-01"));
    }
    send(&server, request("POST", "/api/things/a/1", &[], "")).await;
    let alone = log.ended();
    assert_eq!(alone[0]["span"].get("parent_span_id"), None);
    assert_eq!(alone[0]["span"]["span_id"].as_str().unwrap().len(), 16);
}

#[tokio::test]
async fn nothing_that_was_sent_is_ever_logged() {
    let (server, log) = logging().await;
    let secret = "hunter2";
    let headers = [("Authorization", secret), ("Cookie", secret), ("traceparent", secret)];
    let target = format!("/api/things/{secret}/{secret}?code={secret}");
    send(&server, request("POST", &target, &headers, secret)).await;
    send(&server, request("POST", &format!("/{secret}?code={secret}"), &headers, secret)).await;
    send(&server, sized(&server, "Echo", &call("POST", &format!("http://h{target}"), secret))).await;
    send(&server, sized(&server, "Take", &format!(r#"{{"Data":{{"job":"{secret}"}}}}"#))).await;
    send(&server, sized(&server, "Echo", &format!(r#"{{"Data":{{"req":"{secret}"}}}}"#))).await;
    send(&server, sized(&server, "Echo", secret)).await;
    let text = log.text();
    assert_eq!(text.matches("invocation ended").count(), 6, "{text}");
    assert!(!text.contains(secret), "{text}");
}

#[tokio::test]
async fn an_argument_that_cannot_be_read_is_never_logged() {
    let log = watched();
    let message = async |_: QueueMessage<Json<u32>>| {};
    let event = async |data: TriggerData| -> Result<(), InvocationFailed> {
        data.parse::<u32>()?;
        Ok(())
    };
    let place = async |_: Path<u32>, _: Json<u32>| {};
    let functions = Functions::new()
        .queue("Message", "numbers", message)
        .other("Event", other("eventGridTrigger"), event)
        .http("Place", post("places/{number}"), place);
    let server = serve(&functions, LIMITS).await;
    let quoted = r#""\"hunter2\"""#;
    let envelopes = [
        ("Message", format!(r#"{{"Data":{{"message":{quoted}}}}}"#)),
        ("Event", format!(r#"{{"Data":{{"trigger":{quoted}}}}}"#)),
        ("Event", r#"{"Data":{"trigger":{"name":"hunter2"}}}"#.to_owned()),
    ];
    for (function, envelope) in &envelopes {
        assert_eq!(send(&server, sized(&server, function, envelope)).await.status, 500, "{envelope}");
    }
    let json = [("Content-Type", "application/json")];
    for path in ["/api/places/hunter2", "/api/places/7"] {
        assert_eq!(send(&server, request("POST", path, &json, r#""hunter2""#)).await.status, 400, "{path}");
    }
    let text = log.text();
    assert_eq!(text.matches("invocation ended").count(), 5, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
