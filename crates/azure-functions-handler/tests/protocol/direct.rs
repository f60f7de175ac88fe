//! Direct calls: the handler gets the caller's own request.

use serde_json::json;

use crate::wire::{Wire, request, send, server};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test]
async fn a_call_holds_the_request_as_it_was_sent() {
    let server = server().await;
    let headers = [
        ("traceparent", TRACE),
        ("X-Dup", "one"),
        ("x-dup", "two"),
        ("X-Azure-Functions-InvocationId", "forged, bce087f8-9028-436f-84ae-194897c7d588"),
    ];
    let reply =
        send(&server, request("POST", "/API/Things/a%2Fb/%C3%BC/?x=1&x=%20", &headers, "hello")).await;
    let seen = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(seen["params"], json!({"kind": "a/b", "id": "ü"}));
    assert_eq!(seen["query"], "x=1&x=%20");
    assert_eq!(seen["body"], "hello");
    assert_eq!(seen["traceparent"], TRACE);
    assert_eq!(seen["id"], "bce087f8-9028-436f-84ae-194897c7d588");
    assert_eq!(seen["carries"], false);
    let all = seen["headers"].as_array().unwrap();
    assert_eq!(all.iter().filter(|header| header[0] == "x-dup").count(), 2);
}

#[tokio::test]
async fn what_the_host_would_not_route_is_not_found() {
    let server = server().await;
    for (method, target) in [
        ("GET", "/api/things/a/1"),
        ("HEAD", "/api/say/made"),
        ("OPTIONS", "*"),
        ("POST", "/api/things//1"),
        ("POST", "/api/things/a/1/x"),
        ("POST", "/things/a/1"),
        ("POST", "/"),
        ("GET", "//"),
        ("GET", "/Take"),
    ] {
        assert_eq!(send(&server, request(method, target, &[], "")).await.status, 404, "{method} {target}");
    }
}

#[tokio::test]
async fn a_function_with_queue_outputs_is_served_without_them() {
    let server = server().await;
    let reply = send(&server, request("POST", "/api/send", &[], "one\ntwo")).await;
    assert_eq!((reply.status, reply.json()), (202, json!({"carries": false})));
}

#[tokio::test]
async fn chunked_absent_and_large_bodies_are_distinguished() {
    let server = server().await;
    let chunks = "POST /api/things/a/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
                  3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_eq!(send(&server, chunks).await.json()["body"], "abcde");
    assert_eq!(send(&server, request("POST", "/api/things/a/1", &[], "")).await.json()["body"], "");
    let large = "x".repeat((64 << 10) + 1);
    assert_eq!(send(&server, request("POST", "/api/things/a/1", &[], &large)).await.status, 413);
}

#[tokio::test]
async fn an_unread_body_keeps_response_and_connection() {
    let server = server().await;
    let mut wire = Wire::to(&server).await;
    let large = "x".repeat(8 << 20);
    for (target, status) in [("/api/nowhere", 404), ("/api/things/a/1", 413)] {
        wire.write(request("POST", target, &[], &large)).await;
        assert_eq!(wire.read().await.status, status, "{target}");
    }
    wire.write(request("GET", "/api/say/hello", &[], "")).await;
    assert_eq!(wire.read().await.status, 200);
}

#[tokio::test]
async fn expect_100_is_answered_before_the_body() {
    let server = server().await;
    let mut wire = Wire::to(&server).await;
    wire.write("POST /api/nowhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        .await;
    assert_eq!(wire.read().await.status, 404);
}
