//! The receiver of OTLP: what it takes, and what it refuses.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceResponse, common::v1::any_value::Value as Variant,
    trace::v1::Span,
};
use prost::Message as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Page, an_app,
    exporter::{JSON, PROTOBUF, attribute, export, exported, gzip, post, request, span, text},
};
use crate::app::{Running, client};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
/// More than a request may have.
const TOO_MUCH: usize = 4 * 1024 * 1024 + 1;

/// What the JSON encoding allows: other members, nulls, both forms of numbers, and lists without members.
fn json_request() -> Value {
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}], "new": 1},
        "schemaUrl": null,
        "scopeSpans": [{"scope": {"name": "s", "new": {}}, "spans": [{
            "traceId": TRACE, "spanId": "B7AD6B7169203331", "parentSpanId": null, "flags": 1, "new": [1],
            "name": "GET /things", "kind": 2, "startTimeUnixNano": "1772452800000000000",
            "endTimeUnixNano": 1_772_452_801_000_000_000_u64, "status": {"code": 2, "message": "broken", "new": 1},
            "attributes": [
                {"key": "a", "value": {"intValue": "7"}}, {"key": "b", "value": {"intValue": 8}},
                {"key": "c", "value": {"doubleValue": "NaN"}}, {"key": "d", "value": {"arrayValue": {}}},
                {"key": "e", "value": {"kvlistValue": {"values": [{"key": "f", "value": {"boolValue": true}}]}}},
                {"key": "g", "value": {"newValue": 1}}, {"key": "h", "value": {}}, {"key": "i"},
                {"key": "j", "value": {"bytesValue": "AAE="}},
            ],
            "events": [{"timeUnixNano": "1772452800500000000", "name": "event"}],
            "links": [{"traceId": "11111111111111111111111111111111", "spanId": "2222222222222222"}],
        }]}],
    }, {}]})
}

async fn posted(running: &Running, kind: &str, body: Vec<u8>) -> u16 {
    post(running, "/v1/traces", kind, body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn spans_in_json_are_shown() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let sent =
        post(&running, "/v1/traces", "application/json; charset=utf-8", json_request().to_string().into());
    let answer = sent.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &JSON.parse().unwrap()));
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({}));
    let trace = page.get(&format!("traces/{TRACE}")).await;
    let span = &trace["rows"][0];
    assert_eq!(
        (&span["id"], &span["name"], &span["service"], &span["kind"]),
        (&json!("b7ad6b7169203331"), &json!("GET /things"), &json!("shop"), &json!("server"))
    );
    assert_eq!(
        (&span["error"], &span["message"], &span["duration"]),
        (&json!(true), &json!("broken"), &json!(1000.0))
    );
    let attributes = json!([
        ["a", "7"],
        ["b", "8"],
        ["c", "NaN"],
        ["d", "[]"],
        ["e", "{\"f\":true}"],
        ["g", ""],
        ["h", ""],
        ["i", ""],
        ["j", "\"AAE=\""],
    ]);
    assert_eq!(span["attributes"], attributes);
    assert_eq!(span["events"], json!([{"name": "event", "offset": 500.0, "attributes": []}]));
    assert_eq!(span["links"], json!([{"trace": "1".repeat(32), "span": "2".repeat(16)}]));
    assert_eq!(trace["errors"], 1);
}

#[tokio::test]
async fn spans_in_protobuf_are_shown() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let mut one = span(1, 2, 3, "GET /things", 0);
    one.attributes = vec![text("a", "b"), attribute("n", Variant::DoubleValue(f64::NAN))];
    let answer = exported(&running, vec![one]).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &PROTOBUF.parse().unwrap())
    );
    let answer = ExportTraceServiceResponse::decode(answer.bytes().await.unwrap()).unwrap();
    assert_eq!(answer.partial_success, None);
    let shown = &page.get("traces/00000000000000000000000000000001").await["rows"][0];
    assert_eq!((&shown["name"], &shown["service"]), (&json!("GET /things"), &json!("shop")));
    assert_eq!(shown["attributes"], json!([["a", "b"], ["n", "\"NaN\""]]));
    assert_eq!(shown["parent"], json!(null), "its parent is not here");
}

#[tokio::test]
async fn packed_requests_are_unpacked() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let protobuf = request(vec![span(1, 1, 0, "packed", 0)]).encode_to_vec();
    for (kind, body) in [(PROTOBUF, protobuf), (JSON, json_request().to_string().into())] {
        let sent = post(&running, "/v1/traces", kind, gzip(&body)).header("content-encoding", "gzip");
        assert_eq!(sent.send().await.unwrap().status(), 200, "{kind}");
        let plain = post(&running, "/v1/traces", kind, body).header("content-encoding", "identity");
        assert_eq!(plain.send().await.unwrap().status(), 200, "{kind}");
    }
    assert_eq!(page.get("traces").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn metrics_and_logs_are_taken_and_dropped() {
    let running = an_app().start().await;
    for path in ["/v1/metrics", "/v1/logs"] {
        for (kind, body, expected) in [(PROTOBUF, &b"\x0a\x00"[..], ""), (JSON, b"{}", "{}")] {
            let answer = post(&running, path, kind, body.to_vec()).send().await.unwrap();
            assert_eq!(
                (answer.status().as_u16(), answer.headers()["content-type"].as_bytes()),
                (200, kind.as_bytes())
            );
            assert_eq!(answer.text().await.unwrap(), expected, "{path}");
        }
        let long = post(&running, path, PROTOBUF, vec![0; TOO_MUCH]).send().await.unwrap();
        assert_eq!(long.status(), 413, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_export_is_refused_in_its_encoding() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    for kind in ["text/plain", "application/xml", "", "application/x-protobufs"] {
        assert_eq!(posted(&running, kind, Vec::new()).await, 415, "{kind}");
    }
    let packed = post(&running, "/v1/traces", JSON, Vec::new()).header("content-encoding", "br");
    let packed = packed.send().await.unwrap();
    assert_eq!(
        (packed.status().as_u16(), &packed.headers()["accept-encoding"]),
        (415, &"gzip".parse().unwrap())
    );
    for (body, what) in [
        ("{", "EOF"),
        ("[]", "an object"),
        ("{\"resourceSpans\": 1}", "must be a list"),
        ("{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"traceId\": \"xyz\"}]}]}]}", "not an Export"),
    ] {
        let answer = post(&running, "/v1/traces", JSON, body.into()).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (400, &JSON.parse().unwrap())
        );
        let status: Value = answer.json().await.unwrap();
        assert!(status["message"].as_str().unwrap().contains(what), "{status}");
    }
    let answer = post(&running, "/v1/traces", PROTOBUF, b"\x0a\xff".to_vec()).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (400, &PROTOBUF.parse().unwrap())
    );
    assert_eq!(answer.bytes().await.unwrap()[0], 0x12, "the message of a google.rpc.Status");
    let not_packed =
        post(&running, "/v1/traces", PROTOBUF, b"\x0a\x00".to_vec()).header("content-encoding", "gzip");
    assert_eq!(not_packed.send().await.unwrap().status(), 400);
    let url = format!("{}otlp", running.host.console_url());
    let got = client().get(format!("{url}/v1/traces")).send().await.unwrap();
    assert_eq!((got.status().as_u16(), &got.headers()["allow"]), (405, &"POST".parse().unwrap()));
    for path in ["", "/", "/v1", "/v1/profiles", "/v1/traces/", "/v1/../v1/traces/x"] {
        let request = client().request(Method::POST, format!("{url}{path}")).header("content-type", PROTOBUF);
        assert_eq!(request.send().await.unwrap().status(), 404, "{path}");
    }
    assert_eq!(page.get("traces").await, json!([]));
}

#[tokio::test]
async fn a_request_is_bounded_before_and_after_it_is_unpacked() {
    let running = an_app().start().await;
    assert_eq!(posted(&running, PROTOBUF, vec![0; TOO_MUCH]).await, 413);
    let mut bomb = gzip(&vec![0; 64 * 1024 * 1024]);
    assert!(bomb.len() < TOO_MUCH / 4, "{} bytes", bomb.len());
    for _ in 0..2 {
        let sent = post(&running, "/v1/traces", PROTOBUF, bomb.clone()).header("content-encoding", "gzip");
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status(), 413);
        assert!(answer.text().await.unwrap().contains("smaller batches"));
        // Once more as two members of one file.
        bomb = [gzip(b""), bomb].concat();
    }
    let as_much = vec![0x0a; TOO_MUCH - 1];
    assert_eq!(posted(&running, PROTOBUF, as_much).await, 400, "it is read");
    let deep = "[".repeat(100_000);
    assert_eq!(posted(&running, JSON, format!("{{\"resourceSpans\": {deep}").into()).await, 400);
    export(&running, vec![span(1, 1, 0, "after all", 0)]).await;
}

#[tokio::test]
async fn malformed_bytes_never_stop_the_receiver() {
    let running = an_app().start().await;
    let mut one = span(1, 2, 3, "GET", 0);
    one.attributes = vec![text("a", "b")];
    for (kind, valid) in
        [(PROTOBUF, request(vec![one]).encode_to_vec()), (JSON, json_request().to_string().into_bytes())]
    {
        let step = valid.len() / 100 + 1;
        for at in (0..valid.len()).step_by(step) {
            let mut changed = valid.clone();
            changed[at] = changed[at].wrapping_mul(31).wrapping_add(u8::try_from(at % 251).unwrap());
            for body in [changed, valid[..at].to_vec(), valid[at..].to_vec()] {
                let status = posted(&running, kind, body).await;
                assert!(matches!(status, 200 | 400), "{status} of byte {at} in {kind}");
            }
        }
        assert_eq!(posted(&running, kind, valid).await, 200);
    }
}

#[tokio::test]
async fn spans_without_valid_ids_are_rejected_alone() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let good = span(1, 1, 0, "good", 0);
    let bad =
        [Span { trace_id: vec![1; 15], ..good.clone() }, span(0, 2, 0, "zero", 0), span(1, 0, 0, "zero", 0)];
    let answer = exported(&running, bad.into_iter().chain([good]).collect()).await;
    let answer = ExportTraceServiceResponse::decode(answer.bytes().await.unwrap()).unwrap();
    let partial = answer.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 3);
    assert!(partial.error_message.contains("valid ids"), "{partial:?}");
    assert_eq!(page.get("traces").await[0]["spans"], 1);
    let mut request = json_request();
    request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["spanId"] = json!("");
    let answer = post(&running, "/v1/traces", JSON, request.to_string().into()).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["partialSuccess"]["rejectedSpans"], "1");
}

#[tokio::test]
async fn the_oldest_trace_makes_room_for_new_spans() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    export(&running, vec![span(1, 1, 0, "first", 0)]).await;
    export(&running, (1..=10_000).map(|id| span(2, id, 0, "second", 0)).collect()).await;
    let names = async |page: &Page| -> Vec<String> {
        let listed = page.get("traces").await;
        listed.as_array().unwrap().iter().map(|trace| trace["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&page).await, ["second"]);
    let again = span(2, 1, 0, "sent again", 0);
    let answer = exported(&running, vec![again, span(2, 10_001, 0, "one too many", 0)]).await;
    let answer = ExportTraceServiceResponse::decode(answer.bytes().await.unwrap()).unwrap();
    assert_eq!(answer.partial_success.unwrap().rejected_spans, 1, "its own trace makes no room");
    assert_eq!(page.get("traces").await[0]["spans"], 10_000);
    export(&running, vec![span(3, 1, 0, "third", 0)]).await;
    assert_eq!(names(&page).await, ["third"]);
    let many = (1..=10_005).map(|id| span(4, id, 0, "fourth", 0)).collect();
    let answer = exported(&running, many).await;
    let answer = ExportTraceServiceResponse::decode(answer.bytes().await.unwrap()).unwrap();
    assert_eq!(answer.partial_success.unwrap().rejected_spans, 5);
}

#[tokio::test]
async fn texts_and_lists_of_a_span_are_bounded() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let long = "ä".repeat(5000);
    let mut big = span(1, 1, 0, &long, 0);
    big.attributes = (0..100).map(|at| text(&format!("{at}{long}"), &long)).collect();
    export(&running, vec![big]).await;
    let shown = &page.get(&format!("traces/{:032x}", 1)).await["rows"][0];
    assert_eq!(shown["name"].as_str().unwrap(), format!("{}…", "ä".repeat(128)));
    assert_eq!((shown["attributes"].as_array().unwrap().len(), &shown["leftOut"]), (64, &json!(36)));
    assert_eq!(shown["attributes"][0][1].as_str().unwrap(), format!("{}…", "ä".repeat(2048)));
    // 32 MiB are fewer of these than of small ones.
    let value = "x".repeat(4000);
    for trace in 2..=16 {
        let one = |id| Span {
            attributes: (0..64).map(|at| text(&at.to_string(), &value)).collect(),
            ..span(trace, id, 0, "big", 0)
        };
        export(&running, (1..=14).map(one).collect()).await;
    }
    let listed = page.get("traces").await;
    let newest = format!("{:032x}", 16);
    assert_eq!((listed.as_array().unwrap().len(), listed[0]["id"].as_str()), (9, Some(newest.as_str())));
}

#[tokio::test]
async fn pages_of_other_origins_export_nothing() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "http://localhost:1"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ] {
        let body = request(vec![span(1, 1, 0, "forged", 0)]).encode_to_vec();
        let sent = post(&running, "/v1/traces", PROTOBUF, body).header(name, value);
        assert_eq!(sent.send().await.unwrap().status(), 403, "{name}: {value}");
    }
    assert_eq!(page.get("traces").await, json!([]));
}

#[tokio::test]
async fn the_receiver_is_where_the_console_is() {
    let mut app = an_app();
    app.options.console.port = Some(0);
    let running = app.start().await;
    export(&running, vec![span(1, 1, 0, "there", 0)]).await;
    let url = format!("{}/_emulator/otlp/v1/traces", running.host.url());
    let at_app = client().post(url).header("content-type", PROTOBUF).send().await.unwrap();
    assert_eq!(at_app.status(), 404);
}
