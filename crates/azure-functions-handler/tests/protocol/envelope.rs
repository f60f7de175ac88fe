//! Envelope calls: the host wraps what started the function into `{Data, Metadata}`.

use serde_json::{Value, json};

use crate::wire::{Server, chunked, send, server, sized};

const INNER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OUTER: &str = "00-11111111111111111111111111111111-2222222222222222-01";

fn told(method: &str, url: &str, body: &Value) -> Value {
    json!({"Url": url, "Method": method, "Query": {}, "Headers": {"Host": ["app.example.net"]}, "Params": {},
           "Identities": [], "Body": body})
}

pub(crate) fn envelope(req: &Value) -> String {
    json!({"Data": {"req": req}, "Metadata": {"sys": {}}}).to_string()
}

pub(crate) fn call(method: &str, url: &str, body: &str) -> String {
    envelope(&told(method, url, &body.into()))
}

fn queued(value: &Value) -> String {
    json!({"Data": {"job": value}, "Metadata": {"DequeueCount": "3"}}).to_string()
}

/// What `Echo` saw.
async fn seen(server: &Server, envelope: &str) -> Value {
    let res = send(server, sized(server, "Echo", envelope)).await.res();
    assert_eq!(res["statusCode"], 200);
    serde_json::from_str(res["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn transport_headers_do_not_reach_the_handler() {
    let server = server().await;
    let url = "https://app.example.net/API/Things/a%2Fb/7/?x=1&x=%20";
    let seen = seen(&server, &call("POST", url, "grüß")).await;
    assert_eq!(seen["params"], json!({"kind": "a/b", "id": "7"}));
    assert_eq!(seen["query"], "x=1&x=%20");
    assert_eq!(seen["body"], "grüß");
    assert_eq!(seen["headers"], json!([["host", "app.example.net"]]));
    assert_eq!(seen["id"], "bce087f8-9028-436f-84ae-194897c7d588");
    assert_eq!(seen["carries"], true);
}

#[tokio::test]
async fn chunked_envelopes_are_read() {
    let server = server().await;
    let body = "x".repeat(60_000);
    for size in [7, 4096, usize::MAX] {
        let sent = chunked(&server, "Echo", &call("POST", "http://h/api/things/a/1", &body), size);
        let res = send(&server, sent).await.res();
        let seen: Value = serde_json::from_str(res["body"].as_str().unwrap()).unwrap();
        assert_eq!(seen["body"], *body, "{size}");
    }
}

#[tokio::test]
async fn values_are_understood_in_every_spelling_of_the_host() {
    let server = server().await;
    let mut plain = told("POST", "/api/things/a/1?u=http://x/", &"{}".into());
    plain["Headers"] = json!({"X-One": "1", "X-Two": ["2", "3"]});
    for req in [plain.clone(), Value::from(plain.to_string())] {
        let seen = seen(&server, &envelope(&req)).await;
        assert_eq!(seen["headers"], json!([["x-one", "1"], ["x-two", "2"], ["x-two", "3"]]));
        assert_eq!(seen["query"], "u=http://x/");
        assert_eq!(seen["body"], "{}");
    }
    for (body, read) in [(json!(null), ""), (json!(""), ""), (json!({"a": 1.50}), "{\"a\":1.5}")] {
        let req = told("POST", "http://h/api/things/a/1", &body);
        assert_eq!(seen(&server, &envelope(&req)).await["body"], read);
    }
}

#[tokio::test]
async fn the_callers_trace_wins_over_the_transports() {
    let server = server().await;
    let mut req = told("POST", "http://h/api/things/a/1", &"x".into());
    let bare = sized(&server, "Echo", &envelope(&req));
    req["Headers"]["traceparent"] = json!([INNER]);
    let inner = sized(&server, "Echo", &envelope(&req));
    let outer = format!("\r\ntraceparent: {OUTER}\r\nUser-Agent");
    let trace = async |sent: String| {
        let res = send(&server, sent).await.res();
        let seen: Value = serde_json::from_str(res["body"].as_str().unwrap()).unwrap();
        seen["traceparent"].as_str().unwrap().to_owned()
    };
    assert_eq!(trace(inner.replacen("\r\nUser-Agent", &outer, 1)).await, INNER);
    assert_eq!(trace(bare.replacen("\r\nUser-Agent", &outer, 1)).await, OUTER);
    assert_ne!(trace(bare.clone()).await, trace(bare).await);
}

#[tokio::test]
async fn a_wrong_route_or_method_in_an_envelope_is_404() {
    let server = server().await;
    for (method, url) in [
        ("GET", "http://h/api/things/a/1"),
        ("POST", "http://h/api/things/a"),
        ("POST", "http://h/things/a/1"),
        ("POST", "http://h/api/wait"),
        ("POST", "http://h"),
        ("POST", "http://h?x=/api/things/a/1"),
    ] {
        let reply = send(&server, sized(&server, "Echo", &call(method, url, "x"))).await;
        assert_eq!(reply.res()["statusCode"], 404, "{method} {url}");
    }
    assert!(server.app.ran.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_value_of_another_trigger_fails() {
    let server = server().await;
    let http = told("POST", "http://h/api/things/a/1", &"x".into());
    let timer = json!({"Schedule": {}, "ScheduleStatus": null, "IsPastDue": false});
    let data = |name: &str, value: &Value| json!({"Data": {name: value}}).to_string();
    for (function, envelope) in [
        ("Echo", data("req", &timer)),
        ("Echo", data("req", &"aGVsbG8=".into())),
        ("Echo", data("req", &Value::Null)),
        ("Echo", data("other", &http)),
        ("Take", data("job", &http)),
        ("Take", data("other", &"aGVsbG8=".into())),
        ("Tick", data("tick", &http)),
        ("Tick", data("tick", &"aGVsbG8=".into())),
        ("Tick", "{}".to_owned()),
        ("Tick", String::new()),
        ("Tick", "null".to_owned()),
        ("Take", "{\"Data\":{\"job\":\"aGVsbG8=\"".to_owned()),
    ] {
        let reply = send(&server, sized(&server, function, &envelope)).await;
        assert_eq!(reply.status, 500, "{function} {envelope}");
        assert!(reply.json().is_object(), "{function} {envelope}");
    }
    assert!(server.app.ran.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_http_cannot_carry_is_refused_inside_an_envelope() {
    let server = server().await;
    let with = |member: &str, value: Value| {
        let mut told = told("POST", "http://h/api/things/a/1", &"x".into());
        told[member] = value;
        sized(&server, "Echo", &envelope(&told))
    };
    let values = ["a\u{7f}", "a\0b", "a\nb", "a\r\nb: c", "\u{1b}", "\u{1f}"];
    let of_values = values.map(|value| with("Headers", json!({"X-Any": ["good", value]})));
    let of_one_line = values.map(|value| with("Headers", json!({"X-Any": value})));
    let names = ["", "a b", "a\u{7f}", "ä", "a:", "a\nb", "\0"];
    let of_names = names.map(|name| with("Headers", json!({name: ["good"]})));
    let others = [with("Method", "PO ST".into()), with("Method", "".into()), with("Url", "nowhere".into())];
    for sent in of_values.iter().chain(&of_one_line).chain(&of_names).chain(&others) {
        let res = send(&server, sent).await.res();
        assert_eq!(
            (res["statusCode"].as_u64(), &res["body"]),
            (Some(400), &r#"{"refused":"UnreadableHead"}"#.into()),
            "{sent}"
        );
    }
    let url = format!("http://h/api/things/a/1?{}", "x".repeat(u16::MAX.into()));
    let res = send(&server, with("Url", url.into())).await.res();
    assert_eq!(
        (res["statusCode"].as_u64(), &res["body"]),
        (Some(414), &r#"{"refused":"UriTooLong"}"#.into())
    );
    let many: serde_json::Map<_, _> = (0..40_000).map(|number| (format!("a{number}"), json!([""]))).collect();
    let res = send(&server, with("Headers", many.into())).await.res();
    assert_eq!(res["body"], r#"{"refused":"HeadTooLarge"}"#);
    assert!(server.app.ran.lock().unwrap().is_empty());
    let umlaut = send(&server, with("Headers", json!({"X-Any": ["ü\t"]}))).await.res();
    assert_eq!(umlaut["statusCode"], 200, "what HTTP can carry is carried");
}

#[tokio::test]
async fn metadata_that_a_caller_filled_does_no_harm() {
    let server = server().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let http = call("POST", "http://h/api/things/a/1", "x").replace("\"sys\":{}", &format!("\"a\":{deep}"));
    assert_eq!(send(&server, sized(&server, "Echo", &http)).await.res()["statusCode"], 200);
    for (metadata, count) in [
        ("{\"DequeueCount\":\"4\"}", Some(4)),
        ("{\"DequeueCount\":4}", Some(4)),
        ("{\"DequeueCount\":\"\\\"4\\\"\"}", Some(4)),
        ("{\"DequeueCount\":\"-1\"}", None),
        ("{\"DequeueCount\":{\"a\":1}}", None),
        ("null", None),
        ("[]", None),
        (deep.as_str(), None),
    ] {
        let envelope = format!("{{\"Data\":{{\"job\":\"aGVsbG8=\"}},\"Metadata\":{metadata}}}");
        assert_eq!(send(&server, sized(&server, "Take", &envelope)).await.status, 200);
        let taken = server.app.taken.lock().unwrap().pop();
        assert_eq!(taken, Some(("hello".into(), count)), "{metadata:.60}");
    }
}

#[tokio::test]
async fn oversized_envelopes_get_413_inside_an_envelope() {
    let server = server().await;
    let most = 1 << 20;
    let fits = call("POST", "http://h/api/things/a/1", "x");
    let padded = |envelope: &str, length: usize| format!("{envelope}{}", " ".repeat(length - envelope.len()));
    assert_eq!(send(&server, sized(&server, "Echo", &padded(&fits, most))).await.res()["statusCode"], 200);
    let over = padded(&fits, most + 1);
    for sent in [sized(&server, "Echo", &over).into_bytes(), chunked(&server, "Echo", &over, 65_536)] {
        let res = send(&server, sent).await.res();
        assert_eq!(res["statusCode"], 413);
        assert_eq!(res["body"], r#"{"refused":"EnvelopeTooLarge"}"#);
    }
    let over = padded(&queued(&"aGVsbG8=".into()), 5 * most);
    assert_eq!(send(&server, sized(&server, "Take", &over)).await.status, 500);
    assert!(server.app.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn one_message_travels_as_base64_and_several_as_an_array() {
    let server = server().await;
    let outputs = async |body: &str| {
        let reply = send(&server, sized(&server, "Send", &call("POST", "http://h/api/send", body))).await;
        let status = reply.res()["statusCode"].clone();
        (status, reply.json()["Outputs"].get("jobs").cloned())
    };
    assert_eq!(outputs("").await, (202.into(), None));
    assert_eq!(outputs("test").await, (202.into(), Some("dGVzdA==".into())));
    assert_eq!(outputs("{\"a\":1}\ntest").await, (202.into(), Some(json!(["{\"a\":1}", "test"]))));
    assert_eq!(
        outputs("2026-03-02T11:20:31Z").await,
        (202.into(), Some("MjAyNi0wMy0wMlQxMToyMDozMVo=".into()))
    );
    assert_eq!(outputs("2026-03-02T11:20:31Z\ntest").await, (500.into(), None));
}

#[tokio::test]
async fn a_settled_message_and_a_failed_one_are_told_apart() {
    let server = server().await;
    let settled = send(&server, sized(&server, "Take", &queued(&"aGVsbG8=".into()))).await;
    assert_eq!(settled.status, 200);
    assert_eq!(settled.body, r#"{"Outputs":{},"Logs":[],"ReturnValue":null}"#);
    assert_eq!(*server.app.taken.lock().unwrap(), [("hello".into(), Some(3))]);
    let again = send(&server, sized(&server, "Take", &queued(&"YWdhaW4=".into()))).await;
    assert_eq!(again.status, 500);
    assert!(again.json().is_object());
}
