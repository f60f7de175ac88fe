//! Bounds of time, size and number.

use azure_functions_handler::Limits;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::{
    app::{self, LIMITS},
    envelope::call,
    wire::{Server, Wire, request, send, serve, server, sized},
};

/// Starts this many calls of `Wait`, sixteen for each caller, and leaves them running.
pub(crate) async fn crowd(server: &Server, size: u32) -> Vec<Wire> {
    let mut crowd = Vec::new();
    for number in 0..size {
        let mut wire = Wire::to(server).await;
        let caller = (number / 16).to_string();
        wire.write(request("POST", "/api/wait", &[("X-Caller", &caller)], "x")).await;
        crowd.push(wire);
    }
    server.app.waiting.acquire_many(size).await.unwrap().forget();
    crowd
}

#[tokio::test]
async fn a_ping_is_answered_at_once_whatever_runs() {
    let server = server().await;
    let _crowd = crowd(&server, 128).await;
    let reply = send(&server, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "ready"));
}

#[tokio::test]
async fn the_129th_request_is_refused_unread() {
    let server = server().await;
    let crowd = crowd(&server, 128).await;
    let mut wire = Wire::to(&server).await;
    wire.write("POST /api/wait HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n").await;
    let reply = wire.read().await;
    assert_eq!((reply.status, reply.body.as_str()), (503, r#"{"refused":"Overloaded"}"#));

    let wrapped = send(&server, sized(&server, "Wait", &call("POST", "http://h/api/wait", "x"))).await;
    assert_eq!(wrapped.res()["statusCode"], 503);
    let queued = sized(&server, "Take", r#"{"Data":{"job":"aGVsbG8="}}"#);
    assert_eq!(send(&server, queued).await.status, 500);
    assert!(server.app.taken.lock().unwrap().is_empty());

    server.app.gate.add_permits(129);
    for mut wire in crowd {
        assert_eq!(wire.read().await.status, 200);
    }
    assert_eq!(send(&server, request("POST", "/api/wait", &[], "x")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_late_handler_is_answered_in_time() {
    let server = server().await;
    let wrapped = sized(&server, "Late", &call("GET", "http://h/api/late", ""));
    let queued = sized(&server, "Take", &json!({"Data": {"job": "\"late\""}}).to_string());
    for (sent, status, seconds) in
        [(request("GET", "/api/late", &[], ""), 504, 10), (wrapped.clone(), 200, 10), (queued, 500, 60)]
    {
        let started = Instant::now();
        assert_eq!(send(&server, &sent).await.status, status, "{sent}");
        assert_eq!(started.elapsed().as_secs(), seconds, "{sent}");
    }
    assert_eq!(send(&server, wrapped).await.res()["statusCode"], 504);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_a_408_after_three_seconds() {
    let server = server().await;
    let direct = request("POST", "/api/things/shoes/7", &[], "a body");
    let wrapped = sized(&server, "Echo", &call("POST", "http://h/api/things/shoes/7", "x"));
    let queued = sized(&server, "Take", r#"{"Data":{"job":"aGVsbG8="}}"#);
    for (whole, status) in [(direct, 408), (wrapped.clone(), 200), (queued, 500)] {
        let started = Instant::now();
        let reply = send(&server, &whole[..whole.len() - 1]).await;
        assert_eq!((reply.status, started.elapsed().as_secs()), (status, 3), "{whole}");
    }
    assert_eq!(send(&server, &wrapped[..wrapped.len() - 1]).await.res()["statusCode"], 408);
    assert!(server.app.taken.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_body_may_pause_for_a_second_and_has_three_in_all() {
    let server = server().await;
    let direct = request("POST", "/api/things/shoes/7", &[], "a body");
    let wrapped = sized(&server, "Echo", &call("POST", "http://h/api/things/shoes/7", "x"));
    for (whole, is_wrapped) in [(&direct, false), (&wrapped, true)] {
        for (pause, status) in [(1_000, 200), (2_900, 200), (3_100, 408)] {
            let mut wire = Wire::to(&server).await;
            let (begun, rest) = whole.split_at(whole.len() - 3);
            wire.write(begun).await;
            sleep(Duration::from_millis(pause)).await;
            // A caller who is too late may find the connection closed.
            let sent = wire.try_write(rest.as_bytes()).await;
            assert!(sent.is_ok() || status == 408, "{sent:?}");
            let reply = wire.read().await;
            let said = if is_wrapped { reply.res()["statusCode"].clone() } else { reply.status.into() };
            assert_eq!(said, status, "{whole} after {pause} ms");
        }
    }
}

#[tokio::test]
async fn an_app_bounds_the_number_of_headers() {
    let headers: Vec<_> = (0..60).map(|number| (format!("X-{number}"), "x")).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let many = request("GET", "/api/say/hello", &headers, "");
    for (max_headers, status) in [(50, 431), (100, 200)] {
        let server = serve(&app::functions(), Limits { max_headers, ..LIMITS }).await;
        assert_eq!(send(&server, &many).await.status, status, "{max_headers}");
    }
}

#[tokio::test]
async fn an_app_bounds_the_head_of_a_request() {
    let long = request("GET", "/api/say/hello", &[("X-Long", &"x".repeat(20 << 10))], "");
    for (max_head_bytes, status) in [(16 << 10, 431), (32 << 10, 200)] {
        let server = serve(&app::functions(), Limits { max_head_bytes, ..LIMITS }).await;
        assert_eq!(send(&server, &long).await.status, status, "{max_head_bytes}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unwanted_body_is_read_no_longer_than_the_app_allows() {
    for (max_discard_bytes, discard_timeout, seconds) in [(1000, 60, 0), (100 << 20, 5, 5), (100 << 20, 7, 7)]
    {
        let discard_timeout = Duration::from_secs(discard_timeout);
        let server = serve(&app::functions(), Limits { discard_timeout, max_discard_bytes, ..LIMITS }).await;
        let mut wire = Wire::to(&server).await;
        let begun = "x".repeat(2000);
        wire.write(format!("POST /api/nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n{begun}"))
            .await;
        assert_eq!(wire.read().await.status, 404);
        let answered = Instant::now();
        assert!(wire.is_closed().await);
        assert_eq!(answered.elapsed().as_secs(), seconds, "{max_discard_bytes} bytes, {discard_timeout:?}");
    }
}
