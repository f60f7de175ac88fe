//! What a stop leaves of the calls that are under way.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use orders_worker::{host::Limits, limits::LIMITS};
use serde_json::json;
use tokio::time::{Instant, pause};

use crate::{
    app,
    envelope::call,
    limits::crowd,
    wire::{Wire, Worker, request, serve, sized, worker},
};

/// How long the worker goes on taking what was sent before the stop.
const AT_ONCE: Duration = Duration::from_secs(1);

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
async fn a_stop_lets_calls_run_until_their_deadlines() {
    let worker = worker().await;
    let mut direct = crowd(&worker, 1).await;
    let mut wrapped = Wire::to(&worker).await;
    wrapped.write(sized(&worker, "Wait", &call("POST", "http://h/api/wait", "x"))).await;
    worker.app.waiting.acquire().await.unwrap().forget();
    let mut queued = Wire::to(&worker).await;
    queued.write(sized(&worker, "Take", &json!({"Data": {"job": "\"late\""}}).to_string())).await;
    while *worker.app.ran.lock().unwrap() != ["Take"] {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    worker.stop.send(()).unwrap();
    assert_eq!(direct[0].read().await.status, 503);
    assert_eq!(wrapped.read().await.res()["statusCode"], 503);
    assert_eq!(started.elapsed().as_secs(), 10);
    assert!(!worker.done.is_finished(), "the process would end with it");
    assert_eq!(queued.read().await.status, 500);
    worker.done.await.unwrap().unwrap();
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_half_bodies_their_408() {
    let worker = worker().await;
    let whole = request("POST", "/api/things/shoes/7", &[], "a body");
    let mut direct = Wire::to(&worker).await;
    direct.write(&whole[..whole.len() - 1]).await;
    let whole = sized(&worker, "Echo", &call("POST", "http://h/api/things/shoes/7", "x"));
    let mut wrapped = Wire::to(&worker).await;
    wrapped.write(&whole[..whole.len() - 1]).await;
    while *worker.app.ran.lock().unwrap() != ["Echo"] {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    worker.stop.send(()).unwrap();
    assert_eq!(direct.read().await.status, 408);
    assert_eq!(wrapped.read().await.res()["statusCode"], 408);
    worker.done.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_stop_closes_idle_connections_at_once() {
    let worker = worker().await;
    let mut fresh = Wire::to(&worker).await;
    let mut used = Wire::to(&worker).await;
    used.write(request("GET", "/api/say/hello", &[], "")).await;
    assert_eq!(used.read().await.status, 200);
    let started = Instant::now();
    worker.stop.send(()).unwrap();
    worker.done.await.unwrap().unwrap();
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    assert!(fresh.is_closed().await && used.is_closed().await);
}

#[tokio::test]
async fn what_was_sent_before_the_stop_is_answered() {
    for _ in 0..20 {
        let worker = worker().await;
        let sent = request("POST", "/api/things/shoes/7", &[], "a body");
        let mut used = Wire::to(&worker).await;
        used.write(&sent).await;
        assert_eq!(used.read().await.status, 200);
        let mut fresh = Wire::to(&worker).await;
        used.write(&sent).await;
        fresh.write(&sent).await;
        worker.stop.send(()).unwrap();
        assert_eq!((used.read().await.status, fresh.read().await.status), (200, 200));
        worker.done.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_head_that_has_begun_before_the_stop_may_end_after_it() {
    let limits = Limits { head: Duration::from_millis(1500), ..LIMITS.requests };
    let worker = serve(app::functions(), limits).await;
    let whole = request("GET", "/api/say/hello", &[], "");
    let (begun, rest) = whole.split_at(20);
    let (mut quick, mut never) = (Wire::to(&worker).await, Wire::to(&worker).await);
    quick.write(begun).await;
    never.write(begun).await;
    worker.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    quick.write(rest).await;
    assert_eq!(quick.read().await.status, 200);
    assert!(never.is_closed().await);
    worker.done.await.unwrap().unwrap();
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

/// How many requests [`deaf`] sends, with more in their answers than any system keeps for one connection.
const UNREAD: usize = 1000;

/// A worker whose function `Large` has long answers, which counts its calls as waiting.
async fn with_large_answers() -> Worker {
    let mut functions = app::functions();
    functions.push(app::http("Large", Method::GET, "large", |app, _| {
        app.waiting.add_permits(1);
        Box::pin(async { app::answer(StatusCode::OK, &json!({"said": "x".repeat(60_000)})) })
    }));
    serve(functions, LIMITS.requests).await
}

/// A caller who asks for long answers and reads none, once nothing more can be sent to it.
async fn deaf(worker: &Worker) -> Wire {
    let mut wire = Wire::to(worker).await;
    wire.write(request("GET", "/api/large", &[], "").repeat(UNREAD)).await;
    let (calls, mut before) = (|| worker.app.waiting.available_permits(), 0);
    while calls() == 0 || calls() > before {
        before = calls();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(before < UNREAD, "everything was sent");
    worker.app.waiting.forget_permits(before);
    wire
}

#[tokio::test]
async fn a_caller_who_does_not_read_is_waited_for_five_seconds() {
    let worker = with_large_answers().await;
    let _deaf = deaf(&worker).await;
    pause();
    let started = Instant::now();
    worker.stop.send(()).unwrap();
    worker.done.await.unwrap().unwrap();
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn a_caller_who_does_not_read_hurries_no_call_and_no_head() {
    let worker = with_large_answers().await;
    let _deaf = deaf(&worker).await;
    let mut waiting = crowd(&worker, 1).await;
    let whole = request("GET", "/api/say/hello", &[], "");
    let (begun, rest) = whole.split_at(20);
    let mut slow = Wire::to(&worker).await;
    slow.write(begun).await;
    // The worker reads it before the stop.
    tokio::time::sleep(Duration::from_millis(200)).await;
    pause();
    let started = Instant::now();
    worker.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_secs(9)).await;
    slow.write(rest).await;
    assert_eq!((slow.read().await.status, waiting[0].read().await.status), (200, 503));
    worker.done.await.unwrap().unwrap();
    let took = started.elapsed().as_secs();
    assert!((13..=15).contains(&took), "the call's deadline, and five seconds: {took}");
}
