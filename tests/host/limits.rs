//! Bounds that keep one process healthy.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::{
    envelope::call,
    wire::{Wire, Worker, request, send, sized, worker},
};

/// Occupies this many places with calls of `Wait`.
pub(crate) async fn crowd(worker: &Worker, size: u32) -> Vec<Wire> {
    let mut crowd = Vec::new();
    for _ in 0..size {
        let mut wire = Wire::to(worker).await;
        wire.write(request("POST", "/api/wait", &[], "x")).await;
        crowd.push(wire);
    }
    worker.app.waiting.acquire_many(size).await.unwrap().forget();
    crowd
}

#[tokio::test]
async fn a_ping_is_answered_at_once_whatever_runs() {
    let worker = worker().await;
    let _crowd = crowd(&worker, 128).await;
    let reply = send(&worker, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "ready"));
}

#[tokio::test]
async fn the_hundred_and_twenty_ninth_request_is_turned_away_unread() {
    let worker = worker().await;
    let crowd = crowd(&worker, 128).await;
    let mut wire = Wire::to(&worker).await;
    wire.write("POST /api/wait HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n").await;
    let reply = wire.read().await;
    assert_eq!((reply.status, reply.body.as_str()), (503, r#"{"refused":"Busy"}"#));

    let wrapped = send(&worker, sized(&worker, "Wait", &call("POST", "http://h/api/wait", "x"))).await;
    assert_eq!(wrapped.res()["statusCode"], 503);
    let queued = sized(&worker, "Take", r#"{"Data":{"job":"aGVsbG8="}}"#);
    assert_eq!(send(&worker, queued).await.status, 500);
    assert!(worker.app.taken.lock().unwrap().is_empty());

    worker.app.gate.add_permits(129);
    for mut wire in crowd {
        assert_eq!(wire.read().await.status, 200);
    }
    assert_eq!(send(&worker, request("POST", "/api/wait", &[], "x")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_late_handler_is_answered_in_time() {
    let worker = worker().await;
    let wrapped = sized(&worker, "Late", &call("GET", "http://h/api/late", ""));
    let queued = sized(&worker, "Take", &json!({"Data": {"job": "\"late\""}}).to_string());
    for (sent, status, seconds) in
        [(request("GET", "/api/late", &[], ""), 503, 10), (wrapped.clone(), 200, 10), (queued, 500, 60)]
    {
        let started = Instant::now();
        assert_eq!(send(&worker, &sent).await.status, status, "{sent}");
        assert_eq!(started.elapsed().as_secs(), seconds, "{sent}");
    }
    assert_eq!(send(&worker, wrapped).await.res()["statusCode"], 503);
}

#[tokio::test(start_paused = true)]
async fn an_envelope_that_never_ends_is_answered_in_time() {
    let worker = worker().await;
    let whole = sized(&worker, "Wait", &call("POST", "http://h/api/wait", "x"));
    let mut wire = Wire::to(&worker).await;
    wire.write(&whole[..whole.len() - 1]).await;
    assert_eq!(wire.read().await.res()["statusCode"], 503);
}

#[tokio::test]
async fn a_stop_lets_running_calls_finish() {
    let worker = worker().await;
    let mut crowd = crowd(&worker, 1).await;
    let idle = Wire::to(&worker).await;
    let Worker { app, stop, done, .. } = worker;
    stop.send(()).unwrap();
    app.gate.add_permits(1);
    assert_eq!(crowd[0].read().await.status, 200);
    drop(idle);
    done.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_three_seconds_and_no_longer() {
    let worker = worker().await;
    let _crowd = crowd(&worker, 2).await;
    let started = Instant::now();
    worker.stop.send(()).unwrap();
    worker.done.await.unwrap().unwrap();
    assert!(started.elapsed() >= Duration::from_secs(3) && started.elapsed() < Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_caller_hung_up_runs_to_its_end() {
    let worker = worker().await;
    drop(crowd(&worker, 1).await);
    let Worker { app, stop, done, .. } = worker;
    stop.send(()).unwrap();
    let a_second = Duration::from_secs(1);
    assert!(tokio::time::timeout(a_second, app.waiting.acquire()).await.is_err());
    app.gate.add_permits(1);
    done.await.unwrap().unwrap();
    assert_eq!(*app.ran.lock().unwrap(), ["Wait"]);
}
