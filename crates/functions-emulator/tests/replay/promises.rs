//! What the recordings do not show: limits, streaming, and the events of an observer.

use std::time::Duration;

use functions_emulator::Event;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::broadcast::Receiver,
    time::timeout,
};

use crate::{caller::call, host::Host, recorder::Recorder, wire::Message};

const GET: &[u8] = b"GET /api/items/shoes/42 HTTP/1.1\r\nHost: h\r\n\r\n";
const DEADLINE: Duration = Duration::from_secs(10);

fn setting(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

fn answered(body: &str) -> Value {
    json!({ "status": 200, "headers": { "content-type": "application/json" }, "body": body })
}

fn status(answer: Option<Message>) -> String {
    answer.map(|answer| answer.line.split(' ').nth(1).unwrap().to_owned()).unwrap_or_default()
}

async fn next_mistake(events: &mut Receiver<Event>) -> String {
    loop {
        if let Event::ProtocolViolation { what, .. } =
            timeout(DEADLINE, events.recv()).await.unwrap().unwrap()
        {
            return what;
        }
    }
}

#[tokio::test]
async fn without_keys_every_caller_is_an_administrator() {
    let worker = Recorder::start(answered("{}")).await;
    let host = Host::with_keys(None, "app", &[], worker.address).await;
    assert_eq!(status(call(host.address, b"GET /api/fnkey HTTP/1.1\r\nHost: h\r\n\r\n").await), "204");
    let envelope: Value = serde_json::from_slice(&worker.seen()[0].body).unwrap();
    assert_eq!(envelope.pointer("/Data/req/Identities/0/Claims/0/Value"), Some(&json!("Admin")));
}

#[tokio::test]
async fn an_empty_response_becomes_500_at_the_function_timeout() {
    let nothing = [
        json!({ "status": 204, "headers": {}, "body": "" }),
        json!({ "status": 200, "headers": { "content-type": "application/json" }, "body": "" }),
        answered("null"),
        answered("  "),
    ];
    for answer in nothing {
        let worker = Recorder::start(answer).await;
        let settings = setting("AzureFunctionsJobHost__functionTimeout", "00:00:01");
        let host = Host::start("app", &settings, worker.address).await;
        let mut events = host.events.subscribe();
        assert_eq!(status(call(host.address, GET).await), "500");
        assert!(next_mistake(&mut events).await.contains("answer at least {}"));
        assert!(next_mistake(&mut events).await.contains("functionTimeout (1 s)"));
    }
}

#[tokio::test]
async fn no_answer_at_all_is_told_at_the_function_timeout() {
    let worker = Recorder::start(Value::Null).await;
    let settings = setting("AzureFunctionsJobHost__functionTimeout", "00:00:01");
    let host = Host::start("app", &settings, worker.address).await;
    let mut events = host.events.subscribe();
    assert_eq!(status(call(host.address, GET).await), "500");
    assert!(next_mistake(&mut events).await.contains("no answer within functionTimeout"));
}

#[tokio::test]
async fn a_hundred_mebibytes_of_logs_are_taken_and_told() {
    let mib = json!({ "repeat": { "text": "log line ".repeat(128), "times": 910 } });
    let lines = json!({ "repeat": { "text": { "parts": ["\"", mib, "\","] }, "times": 100 } });
    let body =
        json!({ "parts": ["{\"Outputs\":{\"res\":{\"body\":\"ok\"}},\"Logs\":[", lines, "\"end\"]}"] });
    let answer = json!({ "status": 200, "headers": { "content-type": "application/json" }, "body": body });
    let worker = Recorder::start(answer).await;
    let host = Host::start("app", &[], worker.address).await;
    let mut events = host.events.subscribe();
    assert_eq!(status(call(host.address, GET).await), "200");
    assert!(next_mistake(&mut events).await.contains("Logs holds 99 MiB"));
}

#[tokio::test]
async fn each_breach_of_the_protocol_is_told_with_its_remedy() {
    let cases = [
        (json!({ "status": 503, "headers": {}, "body": "" }), "issue 11086"),
        (json!({ "status": 302, "headers": { "location": "/x" }, "body": "" }), "redirect"),
        (
            json!({ "status": 200, "headers": { "content-type": "text/plain" }, "body": "{}" }),
            "application/json",
        ),
        (json!({ "destroy": true }), "answer every request"),
        (json!({ "rawBytes(latin1)": "no HTTP at all\r\n\r\n", "thenClose": true }), "not valid HTTP"),
        (
            json!({
                "rawBytes(latin1)":
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"Out",
                "thenClose": true,
            }),
            "write all of it",
        ),
        (answered("[]"), "must be a JSON object"),
        (answered(r#"{"Outputs":[]}"#), "Outputs must be an object"),
        (answered(r#"{"Logs":[{"text":"one"}]}"#), "each item of Logs must be a text"),
        (answered("{oops"), "not valid JSON"),
        (answered(r#"{"Logs":"one"}"#), "Logs must be a list"),
        (answered(r#"{"Outputs":{"Res":{}}}"#), "no out binding has that name"),
        (answered(r#"{"Outputs":{"res":"text"}}"#), "issue 6644"),
        (answered(r#"{"Outputs":{"res":{"headers":{"x":["a"]}}}}"#), "one text a header"),
        (answered(r#"{"Outputs":{"res":{"statusCode":1000}}}"#), "between 200 and 599"),
        (
            answered(r#"{"Outputs":{"res":{"headers":{"content-length":"9"},"body":"x"}}}"#),
            "leave the header out",
        ),
    ];
    for (answer, remedy) in cases {
        let worker = Recorder::start(answer).await;
        let host = Host::start("app", &[], worker.address).await;
        let mut events = host.events.subscribe();
        call(host.address, GET).await;
        let told = next_mistake(&mut events).await;
        assert!(told.contains(remedy), "{told}");
    }
}

#[tokio::test]
async fn no_answer_of_a_worker_stops_the_host() {
    let answers = [
        "\"\u{0}\"",
        r#"{"Outputs":{"res":{"body":1e999,"statusCode":-0,"headers":{"":"","\u0000":"x","a b":"c"}}}}"#,
        r#"{"Outputs":{"res":{"statusCode":99999999999999999999,"headers":{"content-length":"-1"}}}}"#,
        r#"{"Outputs":{"res":{"statusCode":101,"headers":{"content-length":"99999999999999999999"}}}}"#,
        r#"{"Outputs":{"res":{"headers":{"transfer-encoding":"gzip","content-length":"1","connection":"x"}}}}"#,
        r#"{"ReturnValue":[[],[{}],"\ud83d\ude00"],"outputs":{},"OUTPUTS":null}"#,
        r#"{"Outputs":{"res":{"body":"+99999-12-31T23:59:59+99:99","headers":{"x":"0001-01-01T00:00:00+14:00"}}}}"#,
    ];
    for answer in answers {
        let worker = Recorder::start(answered(answer)).await;
        let host = Host::start("app", &[], worker.address).await;
        let first = status(call(host.address, GET).await);
        assert!(["200", "204", "500"].contains(&first.as_str()), "{answer}: {first}");
        assert_eq!(status(call(host.address, b"GET /api/none HTTP/1.1\r\nHost: h\r\n\r\n").await), "404");
    }
}

#[tokio::test]
async fn a_body_beyond_100_mib_is_refused_before_it_is_read() {
    let worker = Recorder::start(answered("{}")).await;
    let host = Host::start("app", &[], worker.address).await;
    let head = b"POST /api/items/a HTTP/1.1\r\nHost: h\r\nContent-Length: 104857601\r\n\r\n";
    assert_eq!(status(call(host.address, head).await), "413");
    assert!(worker.seen().is_empty());
}

#[tokio::test]
async fn a_setting_moves_the_limit_of_bodies() {
    let worker = Recorder::start(answered("{}")).await;
    let host = Host::start("app", &setting("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "10"), worker.address).await;
    let post = |length: usize| {
        let head = format!("POST /api/items/a HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
        [head.into_bytes(), vec![b'x'; length]].concat()
    };
    assert_eq!(status(call(host.address, &post(11)).await), "413");
    assert_ne!(status(call(host.address, &post(10)).await), "413");
    assert_eq!(worker.seen().len(), 1);
}

#[tokio::test]
async fn added_headers_stand_on_every_answer_of_a_function() {
    let worker = Recorder::start(answered("{}")).await;
    let settings = setting("AzureFunctionsJobHost__extensions__http__customHeaders__X-Added", "yes");
    let host = Host::start("app", &settings, worker.address).await;
    let answer = call(host.address, GET).await.unwrap();
    assert_eq!(answer.values("x-added").collect::<Vec<_>>(), ["yes"]);
}

#[tokio::test]
async fn an_invocation_is_told_with_the_status_that_the_caller_saw() {
    let worker = Recorder::start(answered(r#"{"Outputs":{"res":{"statusCode":409}}}"#)).await;
    let host = Host::start("app", &[], worker.address).await;
    let mut events = host.events.subscribe();
    call(host.address, GET).await;
    let told = timeout(DEADLINE, events.recv()).await.unwrap().unwrap();
    let Event::Invoked { function, id, status: 409, succeeded: true, .. } = told else { panic!("{told:?}") };
    assert_eq!(function, "api1");
    assert_eq!(
        worker.seen()[0].values("x-azure-functions-invocationid").next(),
        Some(id.to_string().as_str())
    );
}

#[tokio::test]
async fn a_proxied_response_is_streamed() {
    let worker = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = Host::start("pxyapp", &[], worker.local_addr().unwrap()).await;
    let mut caller = TcpStream::connect(host.address).await.unwrap();
    caller.write_all(GET).await.unwrap();
    let (mut connection, _) = timeout(DEADLINE, worker.accept()).await.unwrap().unwrap();
    connection.read_buf(&mut Vec::new()).await.unwrap();
    connection.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n").await.unwrap();
    until(&mut caller, "one").await;
    connection.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await.unwrap();
    until(&mut caller, "two").await;
}

#[tokio::test]
async fn a_proxied_stream_is_cut_at_the_function_timeout() {
    let worker = Recorder::start(json!({ "stream": [[0, "one"], [60_000, "two"]] })).await;
    let settings = setting("AzureFunctionsJobHost__functionTimeout", "00:00:01");
    let host = Host::start("pxyapp", &settings, worker.address).await;
    let answer = call(host.address, GET).await.unwrap();
    assert_eq!((answer.framing.as_str(), answer.body.as_slice()), ("chunked, cut off", b"one".as_slice()));
}

#[tokio::test]
async fn a_caller_that_leaves_takes_no_message_with_it() {
    let worker = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = Host::start("appq", &[], worker.local_addr().unwrap()).await;
    let mut caller = TcpStream::connect(host.address).await.unwrap();
    caller.write_all(b"GET /api/enq HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let (mut connection, _) = timeout(DEADLINE, worker.accept()).await.unwrap().unwrap();
    until(&mut connection, "\r\n0\r\n\r\n").await;
    drop(caller);
    // The host answers this one after it saw the other leave.
    assert_eq!(status(call(host.address, b"GET /api/none HTTP/1.1\r\nHost: h\r\n\r\n").await), "404");
    let body = r#"{"Outputs":{"msg":"aGVsbG8="}}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    timeout(DEADLINE, host.queues.wait_until(|queues| queues.peek("outq").len() == 1)).await.unwrap();
}

/// Reads until a text has come.
async fn until(stream: &mut TcpStream, text: &str) {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        assert!(timeout(DEADLINE, stream.read_buf(&mut read)).await.unwrap().unwrap() > 0);
    }
}
