//! How many requests of a caller run at once, and that unidentified callers do not shut others out.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    envelope::call,
    limits::crowd,
    log::{Log, logging},
    wire::{Server, Wire, request, send, server, sized},
};

/// A call of this caller's.
fn of(caller: &str, path: &str) -> String {
    request("POST", path, &[("X-Caller", caller)], "x")
}

/// A call of this caller's, in an envelope.
fn wrapped(server: &Server, caller: &str, function: &str, path: &str) -> String {
    let headers = json!({"X-Caller": [caller], "Content-Type": ["text/plain"]});
    let call = json!({"Url": format!("http://h{path}"), "Method": "POST", "Headers": headers, "Body": "x"});
    sized(server, function, &json!({"Data": {"req": call}, "Metadata": {}}).to_string())
}

/// Requests of which the last byte is missing, each on a connection of its own.
async fn unended(server: &Server, count: usize, whole: &str) -> Vec<Wire> {
    let mut wires = Vec::new();
    for _ in 0..count {
        let mut wire = Wire::to(server).await;
        wire.write(&whole[..whole.len() - 1]).await;
        wires.push(wire);
    }
    wires
}

fn metrics(log: &Log) -> Vec<Value> {
    let lines = log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    let fields = lines.into_iter().map(|line| line["fields"].clone());
    fields.filter(|fields| fields["event"] == "request-metrics").collect()
}

#[tokio::test]
async fn a_caller_has_at_most_sixteen_requests_in_every_mode() {
    let server = server().await;
    let mut running = crowd(&server, 16).await;
    assert_eq!(send(&server, of("0", "/api/keep")).await.status, 429);
    let enveloped = wrapped(&server, "0", "Keep", "/api/keep");
    assert_eq!(send(&server, &enveloped).await.res()["statusCode"], 429);
    assert_eq!(send(&server, of("1", "/api/keep")).await.status, 200, "another caller feels nothing");
    server.app.gate.add_permits(1);
    assert_eq!(running[0].read().await.status, 200);
    assert_eq!(send(&server, &enveloped).await.res()["statusCode"], 200, "as soon as one has ended");
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_again_however_its_request_ended() {
    let server = server().await;
    for path in ["/api/boom", "/api/late"] {
        for _ in 0..40 {
            let mut gone = Wire::to(&server).await;
            gone.write(request("GET", path, &[], "")).await;
        }
        sleep(Duration::from_secs(11)).await;
    }
    let slow = of("0", "/api/keep");
    for _ in 0..3 {
        let mut slow = unended(&server, 16, &slow).await;
        for wire in &mut slow {
            assert_eq!(wire.read().await.status, 408);
        }
    }
    drop(unended(&server, 16, &slow).await);
    sleep(Duration::from_secs(4)).await;
    drop(crowd(&server, 128).await);
}

#[tokio::test]
async fn callers_who_are_not_identified_have_thirty_two_places() {
    let server = server().await;
    let unknown = request("POST", "/api/wait", &[], "x");
    let mut waiting = Vec::new();
    for _ in 0..32 {
        let mut wire = Wire::to(&server).await;
        wire.write(&unknown).await;
        waiting.push(wire);
    }
    server.app.waiting.acquire_many(32).await.unwrap().forget();
    assert_eq!(send(&server, &unknown).await.status, 503);
    let enveloped = wrapped(&server, "1", "Keep", "/api/keep");
    assert_eq!(send(&server, enveloped).await.res()["statusCode"], 200, "envelopes have places of their own");
    server.app.gate.add_permits(32);
    for mut wire in waiting {
        assert_eq!(wire.read().await.status, 200);
    }
    assert_eq!(send(&server, of("1", "/api/keep")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn endless_envelopes_delay_only_envelopes() {
    let server = server().await;
    let began = Instant::now();
    let never = wrapped(&server, "0", "Keep", "/api/keep");
    let unended = unended(&server, 140, &never).await;
    sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    assert_eq!(send(&server, of("1", "/api/keep")).await.status, 200);
    assert_eq!(send(&server, request("GET", "/api/say/hello", &[], "")).await.status, 200);
    assert!(started.elapsed() < Duration::from_millis(100), "{:?}", started.elapsed());
    let http = sized(&server, "Echo", &call("POST", "http://h/api/things/shoes/7", "x"));
    let message = sized(&server, "Take", r#"{"Data":{"job":"aGVsbG8="}}"#);
    let (http, message) = tokio::join!(send(&server, &http), send(&server, &message));
    assert_eq!((http.res()["statusCode"].as_u64(), message.status), (Some(200), 200));
    assert!(started.elapsed() <= Duration::from_secs(3), "{:?}", started.elapsed());
    for mut wire in unended {
        let refused = wire.read().await.res()["statusCode"].clone();
        assert!(refused == 408 || refused == 503, "{refused}");
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_65th_unread_envelope_waits() {
    for (unread, waits) in [(63, false), (64, true)] {
        let server = server().await;
        let never = wrapped(&server, "0", "Keep", "/api/keep");
        let _unended = unended(&server, unread, &never).await;
        sleep(Duration::from_millis(50)).await;
        let started = Instant::now();
        let reply = send(&server, wrapped(&server, "1", "Keep", "/api/keep")).await;
        assert_eq!(reply.res()["statusCode"], 200, "beside {unread}");
        let took = started.elapsed();
        assert_eq!(took > Duration::from_secs(2), waits, "{took:?} beside {unread}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_line_of_envelopes_has_an_end() {
    let server = server().await;
    let never = wrapped(&server, "0", "Keep", "/api/keep");
    let _unended = unended(&server, 64 + 128, &never).await;
    sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    let refused = send(&server, wrapped(&server, "1", "Keep", "/api/keep")).await;
    assert_eq!((refused.res()["statusCode"].as_u64(), started.elapsed().as_secs()), (Some(503), 0));
}

#[tokio::test(start_paused = true)]
async fn metrics_say_how_many_ran_and_why_others_did_not() {
    let (server, log) = logging().await;
    sleep(Duration::from_secs(61)).await;
    assert_eq!(metrics(&log), [Value::Null; 0], "an idle process writes none");
    let _running = crowd(&server, 16).await;
    for _ in 0..3 {
        assert_eq!(send(&server, of("0", "/api/wait")).await.status, 429);
    }
    sleep(Duration::from_mins(1)).await;
    let lines = metrics(&log);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["running"], &line["refused_per_caller"]), (&json!(17), &json!(3)), "{line}");
    assert_eq!((&line["unidentified"], &line["refused_running"]), (&json!(1), &json!(0)), "{line}");
}

#[tokio::test(start_paused = true)]
async fn an_envelope_that_comes_too_slowly_is_counted() {
    let (server, log) = logging().await;
    let whole = wrapped(&server, "0", "Keep", "/api/keep");
    let mut slow = unended(&server, 2, &whole).await;
    for wire in &mut slow {
        assert_eq!(wire.read().await.res()["statusCode"], 408);
    }
    sleep(Duration::from_mins(1)).await;
    assert_eq!(metrics(&log)[0]["refused_slow_body"], 2);
}
