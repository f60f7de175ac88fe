//! Envelopes that a real Functions host sent: what a test of an app frames is what comes under a host.

use std::{collections::BTreeSet, fs, path::Path};

use azure_functions_handler::{
    Bytes, Functions, InvocationMode, Json, Metadata, Outputs, QueueMessage, TestApp, TimerInfo, TriggerData,
    any, queue, queue_output, timer,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Uri;
use serde_json::{Value, json};

use super::app;

fn recorded(case: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions-emulator/tests/recordings");
    let text = fs::read_to_string(folder.join(case).with_extension("json")).expect("a recording");
    serde_json::from_str(&text).expect("JSON")
}

/// The envelope that the host sent in a case.
fn envelope(case: &Value) -> Value {
    serde_json::from_str(case["request"]["bodyText"].as_str().expect("an envelope")).expect("JSON")
}

/// What a caller sent in a case.
fn sent(case: &Value) -> http::Request<axum_core::body::Body> {
    let bytes = match &case["callerSends"] {
        Value::String(text) => text.clone().into_bytes(),
        other => STANDARD.decode(other["base64"].as_str().expect("bytes")).expect("base64"),
    };
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&bytes[..end]).expect("text");
    let mut lines = head.split("\r\n");
    let first: Vec<&str> = lines.next().expect("a line").split(' ').collect();
    let mut request = http::Request::builder().method(first[0]).uri(first[1]);
    for (name, value) in lines.map(|line| line.split_once(": ").expect("a header")) {
        request = request.header(name, value);
    }
    request.body(axum_core::body::Body::from(bytes[end + 4..].to_vec())).expect("a request")
}

/// Answers with what the host sent.
async fn reflect(data: TriggerData, metadata: Metadata) -> Json<Value> {
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    Json(json!({"Data": value(data.json()), "Metadata": value(metadata.json())}))
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

fn lower(headers: &Value) -> Vec<(String, Value)> {
    let mut headers: Vec<_> = headers
        .as_object()
        .expect("headers")
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect();
    headers.sort_by(|one, other| one.0.cmp(&other.0));
    headers
}

#[tokio::test]
async fn a_call_is_framed_as_a_host_frames_it() {
    let app = app(&Functions::new().http("api1", any("items/{kind}/{id?}"), reflect));
    for case in [
        "env-http-get",
        "env-http-get-min",
        "env-http-delete-body",
        "env-http-headers",
        "env-http-path",
        "env-http-query",
        "env-http-post-bom",
        "env-http-post-empty",
        "env-http-post-form",
        "env-http-post-json-array",
        "env-http-post-multipart",
        "env-http-post-octet",
        "env-http-post-png",
        "env-http-post-text",
    ] {
        let recorded = recorded(case);
        let expected = envelope(&recorded);
        let framed: Value = app.http(InvocationMode::Envelope, sent(&recorded)).await.json();
        let expected = &expected["Data"]["req"];
        for member in ["Url", "Method", "Query", "Params", "Body", "Identities"] {
            assert_eq!(framed["Data"][member], expected[member], "{case} {member}");
        }
        assert_eq!(lower(&framed["Data"]["Headers"]), lower(&expected["Headers"]), "{case}");
        let metadata = &envelope(&recorded)["Metadata"];
        // A host adds the members of a body that is a JSON object too.
        for name in ["kind", "id", "Query", "Headers", "sys"] {
            assert_eq!(framed["Metadata"].get(name).is_some(), metadata.get(name).is_some(), "{case} {name}");
        }
        for (name, value) in framed["Metadata"].as_object().expect("an object") {
            match name.as_str() {
                "sys" => assert_eq!(keys(value), keys(&metadata[name]), "{case}"),
                "Headers" => assert_eq!(lower(value), lower(&metadata[name]), "{case}"),
                _ => assert_eq!(*value, metadata[name], "{case} {name}"),
            }
        }
    }
}

#[tokio::test]
async fn a_handler_reads_what_a_host_sent_of_a_message() {
    async fn take(message: QueueMessage<Bytes>) -> Outputs {
        Outputs::new().message("copy", message.payload)
    }
    let trigger = || queue("jobs").binding("job").output(queue_output("copy", "copies"));
    let app = app(&Functions::new().queue("qinbin", trigger(), take).queue("qin", trigger(), take));
    for (case, function) in
        [("qin-binary-json", "qinbin"), ("qin-binary-text", "qinbin"), ("qin-plain", "qin")]
    {
        let recorded = recorded(case);
        let outcome = app.envelope(function, &envelope(&recorded)).await;
        assert!(outcome.succeeded, "{case}");
        let text = recorded["queueMessageText"].as_str().expect("text");
        let message = STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
        assert_eq!(outcome.messages("copy"), [message], "{case}");
    }
}

#[tokio::test]
async fn messages_and_ticks_are_framed_as_a_host_frames_them() {
    async fn message(data: TriggerData, metadata: Metadata) -> Outputs {
        Outputs::new().message("copy", data.json().to_owned()).message("copy", metadata.json().to_owned())
    }
    let output = || queue_output("copy", "copies");
    let functions = Functions::new().queue("qinbin", queue("jobs").output(output()), message).timer(
        "tickm",
        timer("0 * * * * *").output(output()),
        message,
    );
    let app: TestApp = app(&functions);
    let seen = |outcome: &azure_functions_handler::TestOutcome| -> Vec<Value> {
        outcome.messages("copy").iter().map(|text| serde_json::from_slice(text).expect("JSON")).collect()
    };
    let expected = envelope(&recorded("qin-binary-json"));
    let framed = seen(&app.queue("qinbin", r#"{"jobId":"7f3c","n":2}"#).await);
    assert_eq!(framed[0], expected["Data"]["job"]);
    assert_eq!(keys(&framed[1]), keys(&expected["Metadata"]));
    let expected = envelope(&recorded("timer-tickm-1"));
    let framed = seen(&app.timer("tickm").await);
    assert_eq!(keys(&framed[0]), keys(&expected["Data"]["myTimer"]));
    assert_eq!(keys(&framed[1]), keys(&expected["Metadata"]));
}

#[tokio::test]
async fn a_handler_reads_what_a_host_sent_of_a_tick() {
    async fn tick(timer: TimerInfo) -> Outputs {
        Outputs::new().message("copy", timer.schedule_status.expect("a monitored timer").next)
    }
    let trigger = timer("0 * * * * *").binding("myTimer").output(queue_output("copy", "copies"));
    let app = app(&Functions::new().timer("tickm", trigger, tick));
    let recorded = envelope(&recorded("timer-tickm-1"));
    let outcome = app.envelope("tickm", &recorded).await;
    let next = recorded["Data"]["myTimer"]["ScheduleStatus"]["Next"].as_str().expect("a time").to_owned();
    assert_eq!(outcome.messages("copy"), [next]);
}

#[tokio::test]
async fn a_request_arrives_as_a_host_sends_it_on() {
    async fn target(uri: Uri) -> String {
        uri.to_string()
    }
    let app = app(&Functions::new().http("Any", any("any/{*rest}"), target));
    for (mode, prefix) in [(InvocationMode::Forward, "fwd"), (InvocationMode::Proxy, "pxy")] {
        for case in [
            "path-case",
            "path-dots",
            "path-encoded",
            "path-lower-hex",
            "path-pct-not-utf8",
            "path-pct-pct",
            "path-quote-lt",
            "path-reserved",
            "path-slashes",
            "path-special",
            "query",
            "query-empty",
        ] {
            let recorded = recorded(&format!("{prefix}-{case}"));
            let response = app.http(mode, sent(&recorded)).await;
            match recorded["request"]["line"].as_str().and_then(|line| line.split(' ').nth(1)) {
                Some(line) => {
                    assert_eq!((response.status.as_u16(), response.text()), (200, line), "{prefix}-{case}");
                }
                None => assert_eq!(response.status, 404, "{prefix}-{case}"),
            }
        }
    }
}
