//! Connections that are used in other ways than a client library would.

use std::{fmt::Write, time::Duration};

use azure_functions_handler::Limits;
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};

use crate::{
    app::{self, LIMITS},
    envelope::call,
    wire::{Server, Wire, chunked, request, send, serve, server, sized},
};

#[tokio::test]
async fn a_half_closed_connection_gets_its_response() {
    let server = server().await;
    let direct = request("POST", "/api/wait", &[], "a body");
    let wrapped = sized(&server, "Wait", &call("POST", "http://h/api/wait", "x"));
    for sent in [direct, wrapped] {
        for round in 0..20 {
            let mut wire = Wire::to(&server).await;
            wire.write(&sent).await;
            wire.end_sending().await;
            server.app.waiting.acquire().await.unwrap().forget();
            server.app.gate.add_permits(1);
            assert_eq!(wire.read().await.status, 200, "round {round}");
            assert!(wire.is_closed().await);
        }
    }
}

#[tokio::test]
async fn a_caller_who_stops_sending_within_the_body_is_told() {
    let server = server().await;
    let whole = request("POST", "/api/things/shoes/7", &[], "a body");
    let mut wire = Wire::to(&server).await;
    wire.write(&whole[..whole.len() - 1]).await;
    wire.end_sending().await;
    assert_eq!(wire.read().await.status, 400);
}

/// A head with this in the place of a header.
fn with_line(line: &str) -> String {
    format!("GET /api/say/hello HTTP/1.1\r\nHost: h\r\n{line}\r\n\r\n")
}

/// Heads that are no HTTP, or too long, and what they are answered.
fn unreadable() -> Vec<(String, u16, &'static str)> {
    let mut many = String::new();
    for number in 0..100 {
        write!(many, "X-{number}: 1\r\n").unwrap();
    }
    let long = "a".repeat(70_000);
    vec![
        ("hunter2\r\n\r\n".to_owned(), 400, "UnreadableHead"),
        ("\0\u{1}\u{2}\r\n\r\n".to_owned(), 400, "UnreadableHead"),
        ("GET /api/say/hello HTTP/7.0\r\n\r\n".to_owned(), 400, "UnreadableHead"),
        (with_line("no colon"), 400, "UnreadableHead"),
        (with_line("a b: c"), 400, "UnreadableHead"),
        (with_line("Content-Length: -1"), 400, "UnreadableHead"),
        (with_line("Content-Length: 1\r\nContent-Length: 2"), 400, "UnreadableHead"),
        (with_line("Transfer-Encoding: gzip"), 400, "UnreadableHead"),
        (format!("GET /{long} HTTP/1.1\r\nHost: h\r\n\r\n"), 414, "UriTooLong"),
        (with_line(&many), 431, "HeadTooLarge"),
        (with_line(&format!("X: {long}{long}")), 431, "HeadTooLarge"),
        (with_line(&format!("X: {}", long.repeat(40))), 431, "HeadTooLarge"),
    ]
}

#[tokio::test]
async fn on_error_answers_unreadable_heads() {
    let server = server().await;
    let good = request("GET", "/api/say/hello", &[], "");
    for (head, status, refusal) in unreadable() {
        for is_second in [false, true] {
            let mut wire = Wire::to(&server).await;
            if is_second {
                wire.write(&good).await;
                assert_eq!(wire.read().await.status, 200);
            }
            wire.write(&head).await;
            let reply = wire.read().await;
            let start: String = head.chars().take(60).collect();
            assert_eq!(reply.status, status, "{start:?}");
            assert_eq!(reply.body, format!(r#"{{"refused":"{refusal}"}}"#), "{start:?}");
            let headers: Vec<_> =
                reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let length = reply.body.len().to_string();
            assert_eq!(
                headers,
                [
                    ("connection", "close"),
                    ("content-length", length.as_str()),
                    ("content-type", "application/json; charset=utf-8")
                ],
                "{start:?}"
            );
            assert!(wire.is_closed().await, "{start:?}");
        }
    }
    assert_eq!(send(&server, &good).await.status, 200);
    assert!(server.app.ran.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_head_with_all_that_the_platform_adds_is_read() {
    let server = server().await;
    let (principal, token) = ("p".repeat(16 << 10), "t".repeat(16 << 10));
    let headers = [
        ("X-MS-CLIENT-PRINCIPAL", principal.as_str()),
        ("X-MS-TOKEN-AAD-ACCESS-TOKEN", token.as_str()),
        ("X-MS-TOKEN-AAD-ID-TOKEN", token.as_str()),
        ("X-ARR-ClientCert", principal.as_str()),
    ];
    let sent = request("GET", &format!("/api/say/hello?q={}", "a".repeat(8 << 10)), &headers, "");
    assert_eq!(send(&server, &sent).await.status, 200);
}

#[tokio::test]
async fn the_beginning_of_http_2_is_not_answered() {
    let server = server().await;
    let mut wire = Wire::to(&server).await;
    wire.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(wire.is_closed().await);
}

/// A server that waits only this long for a head.
async fn impatient(head_timeout: Duration) -> Server {
    serve(&app::functions(), Limits { head_timeout, ..LIMITS }).await
}

#[tokio::test]
async fn a_head_is_whole_in_time_or_the_connection_ends() {
    let limit = Duration::from_millis(500);
    let server = impatient(limit).await;
    let whole = request("GET", "/api/say/hello", &[], "");
    let (begun, rest) = whole.split_at(20);
    for is_second in [false, true] {
        let (mut silent, mut dripping) = (Wire::to(&server).await, Wire::to(&server).await);
        if is_second {
            for wire in [&mut silent, &mut dripping] {
                wire.write(&whole).await;
                assert_eq!(wire.read().await.status, 200);
            }
        }
        let started = Instant::now();
        silent.write(begun).await;
        let drip = async {
            for byte in begun.bytes().cycle() {
                if dripping.try_write(&[byte]).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let (is_closed, ()) = tokio::join!(silent.is_closed(), drip);
        assert!(is_closed && started.elapsed() >= limit && started.elapsed() < 4 * limit, "{started:?}");
        let mut in_time = Wire::to(&server).await;
        in_time.write(begun).await;
        sleep(limit / 5).await;
        in_time.write(rest).await;
        assert_eq!(in_time.read().await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_has_begun_has_ten_seconds() {
    let server = server().await;
    let mut wire = Wire::to(&server).await;
    wire.write("GET /api/say").await;
    // The clock stands still until the server has read it.
    for _ in 0..1000 {
        yield_now().await;
    }
    let started = Instant::now();
    assert!(wire.is_closed().await);
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn an_idle_connection_stays_open() {
    let limit = Duration::from_millis(300);
    let server = impatient(limit).await;
    let asks = [
        request("GET", "/api/say/hello", &[], ""),
        request("POST", "/api/things/shoes/7", &[], "a body"),
        sized(&server, "Echo", &call("POST", "http://h/api/things/shoes/7", "x")),
        String::from_utf8(chunked(&server, "Echo", &call("POST", "http://h/api/things/shoes/7", "x"), 9))
            .unwrap(),
    ];
    let mut wire = Wire::to(&server).await;
    for sent in &asks {
        sleep(2 * limit).await;
        let (head, rest) = sent.split_at(30);
        wire.write(head).await;
        sleep(limit / 6).await;
        wire.write(rest).await;
        assert_eq!(wire.read().await.status, 200, "{sent}");
    }
    sleep(2 * limit).await;
    wire.write(&asks[0]).await;
    assert_eq!(wire.read().await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_longer_than_a_head() {
    let server = server().await;
    let mut wire = Wire::to(&server).await;
    wire.write(sized(&server, "Take", r#"{"Data":{"job":"\"late\""}}"#)).await;
    assert_eq!(wire.read().await.status, 500);
}
