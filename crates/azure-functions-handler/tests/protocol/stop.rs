//! What happens to running calls when the process is stopped.

use std::{convert::Infallible, time::Duration};

use azure_functions_handler::{Functions, Limits, State, get};
use futures_util::stream::{self, StreamExt as _};
use http::StatusCode;
use serde_json::json;
use tokio::time::{Instant, pause};

use crate::{
    app::{self, LIMITS, Shared},
    envelope::call,
    limits::crowd,
    wire::{Server, Wire, request, serve, server, sized, start},
};

/// A stop that waits for no call ends within this time.
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_stop_lets_running_calls_finish() {
    let server = server().await;
    let mut crowd = crowd(&server, 1).await;
    let idle = Wire::to(&server).await;
    let Server { app, stop, done, .. } = server;
    stop.send(()).unwrap();
    app.gate.add_permits(1);
    assert_eq!(crowd[0].read().await.status, 200);
    drop(idle);
    done.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_calls_run_until_their_deadlines() {
    let server = server().await;
    let mut direct = crowd(&server, 1).await;
    let mut wrapped = Wire::to(&server).await;
    wrapped.write(sized(&server, "Wait", &call("POST", "http://h/api/wait", "x"))).await;
    server.app.waiting.acquire().await.unwrap().forget();
    let mut queued = Wire::to(&server).await;
    queued.write(sized(&server, "Take", &json!({"Data": {"job": "\"late\""}}).to_string())).await;
    while *server.app.ran.lock().unwrap() != ["Take"] {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(direct[0].read().await.status, 504);
    assert_eq!(wrapped.read().await.res()["statusCode"], 504);
    assert_eq!(started.elapsed().as_secs(), 10);
    assert!(!server.done.is_finished(), "the process would end with it");
    assert_eq!(queued.read().await.status, 500);
    server.done.await.unwrap().unwrap();
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_half_bodies_their_408() {
    let server = server().await;
    let whole = request("POST", "/api/things/shoes/7", &[], "a body");
    let mut direct = Wire::to(&server).await;
    direct.write(&whole[..whole.len() - 1]).await;
    let whole = sized(&server, "Echo", &call("POST", "http://h/api/things/shoes/7", "x"));
    let mut wrapped = Wire::to(&server).await;
    wrapped.write(&whole[..whole.len() - 1]).await;
    while *server.app.ran.lock().unwrap() != ["Echo"] {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    server.stop.send(()).unwrap();
    assert_eq!(direct.read().await.status, 408);
    assert_eq!(wrapped.read().await.res()["statusCode"], 408);
    server.done.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_stop_closes_idle_connections_at_once() {
    let server = server().await;
    let mut fresh = Wire::to(&server).await;
    let mut used = Wire::to(&server).await;
    used.write(request("GET", "/api/say/hello", &[], "")).await;
    assert_eq!(used.read().await.status, 200);
    let started = Instant::now();
    server.stop.send(()).unwrap();
    server.done.await.unwrap().unwrap();
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    assert!(fresh.is_closed().await && used.is_closed().await);
}

#[tokio::test]
async fn what_was_sent_before_the_stop_is_answered() {
    for _ in 0..20 {
        let server = server().await;
        let sent = request("POST", "/api/things/shoes/7", &[], "a body");
        let mut used = Wire::to(&server).await;
        used.write(&sent).await;
        assert_eq!(used.read().await.status, 200);
        let mut fresh = Wire::to(&server).await;
        used.write(&sent).await;
        fresh.write(&sent).await;
        server.stop.send(()).unwrap();
        assert_eq!((used.read().await.status, fresh.read().await.status), (200, 200));
        server.done.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_head_that_has_begun_before_the_stop_may_end_after_it() {
    let limits = Limits { head_timeout: Duration::from_millis(1500), ..LIMITS };
    let server = serve(&app::functions(), limits).await;
    let whole = request("GET", "/api/say/hello", &[], "");
    let (begun, rest) = whole.split_at(20);
    let (mut quick, mut never) = (Wire::to(&server).await, Wire::to(&server).await);
    quick.write(begun).await;
    never.write(begun).await;
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    quick.write(rest).await;
    assert_eq!(quick.read().await.status, 200);
    assert!(never.is_closed().await);
    server.done.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_caller_hung_up_runs_to_its_end() {
    let server = server().await;
    drop(crowd(&server, 1).await);
    let Server { app, stop, done, .. } = server;
    stop.send(()).unwrap();
    let a_second = Duration::from_secs(1);
    assert!(tokio::time::timeout(a_second, app.waiting.acquire()).await.is_err());
    app.gate.add_permits(1);
    done.await.unwrap().unwrap();
    assert_eq!(*app.ran.lock().unwrap(), ["Wait"]);
}

/// How many requests [`deaf`] sends: their answers are larger than what a system buffers for one connection.
const UNREAD: usize = 1000;

/// An app with the function `Large`, which has long answers and counts its calls as waiting.
async fn with_large_answers() -> Server {
    let large = async |State(app): State<Shared>| {
        app.waiting.add_permits(1);
        app::answer(StatusCode::OK, &json!({"said": "x".repeat(60_000)}))
    };
    serve(&app::functions().http("Large", get("large"), large), LIMITS).await
}

/// A caller who asks for long answers and reads none; returns once the handler can send it nothing more.
async fn deaf(server: &Server) -> Wire {
    let mut wire = Wire::to(server).await;
    wire.write(request("GET", "/api/large", &[], "").repeat(UNREAD)).await;
    let (calls, mut before) = (|| server.app.waiting.available_permits(), 0);
    while calls() == 0 || calls() > before {
        before = calls();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(before < UNREAD, "everything was sent");
    server.app.waiting.forget_permits(before);
    wire
}

#[tokio::test]
async fn a_caller_who_does_not_read_is_waited_for_five_seconds() {
    let server = with_large_answers().await;
    let _deaf = deaf(&server).await;
    pause();
    let started = Instant::now();
    server.stop.send(()).unwrap();
    server.done.await.unwrap().unwrap();
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn a_caller_who_does_not_read_hurries_no_call_and_no_head() {
    let server = with_large_answers().await;
    let _deaf = deaf(&server).await;
    let mut waiting = crowd(&server, 1).await;
    let whole = request("GET", "/api/say/hello", &[], "");
    let (begun, rest) = whole.split_at(20);
    let mut slow = Wire::to(&server).await;
    slow.write(begun).await;
    // The server reads it before the stop.
    tokio::time::sleep(Duration::from_millis(200)).await;
    pause();
    let started = Instant::now();
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_secs(9)).await;
    slow.write(rest).await;
    assert_eq!((slow.read().await.status, waiting[0].read().await.status), (200, 504));
    server.done.await.unwrap().unwrap();
    let took = started.elapsed().as_secs();
    assert!((13..=15).contains(&took), "the call's deadline, and five seconds: {took}");
}

/// A body that begins and never ends.
async fn endless() -> axum_core::body::Body {
    let begun = stream::iter([Ok::<_, Infallible>("begun")]);
    axum_core::body::Body::from_stream(begun.chain(stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_is_cut_off_after_the_last_deadline() {
    let http = Functions::new().http("Endless", get("endless"), endless);
    let with_queue =
        Functions::new().http("Endless", get("endless"), endless).queue("Take", "jobs", app::take);
    // The time for a head, the longest deadline, and five seconds.
    for (functions, seconds) in [(http, 10 + 10 + 5), (with_queue, 10 + 60 + 5)] {
        let server = start(functions.all().unwrap(), |app| app.portable(false)).await;
        let mut wire = Wire::to(&server).await;
        wire.write(request("GET", "/api/endless", &[], "")).await;
        wire.read_head().await;
        let started = Instant::now();
        server.stop.send(()).unwrap();
        server.done.await.unwrap().unwrap();
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
}
