//! What one request may cost.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use azure_functions_handler::{
    Bytes, Concurrency, ConcurrencyLimits, Functions, InvocationMode, Json, Limits, State, TestApp, get,
    post, queue,
};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tower_service::Service as _;

use super::request;

/// A body that begins and never ends.
fn endless() -> Body {
    let begun = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"[1,"))]);
    Body::from_stream(stream::StreamExt::chain(begun, stream::pending()))
}

#[tokio::test]
async fn one_request_too_many_is_refused_at_once() {
    #[derive(Clone)]
    struct Gate {
        begun: Arc<Semaphore>,
        open: Arc<Semaphore>,
    }
    async fn wait(State(gate): State<Gate>) {
        gate.begun.add_permits(1);
        gate.open.acquire().await.expect("open").forget();
    }
    let gate = Gate { begun: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) };
    let limits = ConcurrencyLimits { running: 1, ..ConcurrencyLimits::default() };
    let functions =
        Functions::<Gate>::new().http("Wait", get("wait"), wait).queue("Take", queue("jobs"), wait);
    let app = functions.all().expect("right").with_state(gate.clone()).concurrency(Concurrency::new(limits));
    let app = TestApp::new(app);
    let first = tokio::spawn({
        let app = app.clone();
        async move { app.http(InvocationMode::Proxy, request("GET", "/api/wait", "")).await }
    });
    gate.begun.acquire().await.expect("open").forget();
    for mode in InvocationMode::ALL {
        assert_eq!(app.http(mode, request("GET", "/api/wait", "")).await.status, 503, "{mode:?}");
    }
    assert!(!app.queue("Take", "x").await.succeeded, "the message is delivered again");
    gate.open.add_permits(2);
    assert_eq!(first.await.expect("no panic").status, 200);
    assert!(app.queue("Take", "x").await.succeeded, "there is a place again");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_is_given_up_in_time() {
    async fn take(Json(_): Json<Vec<u32>>) {}
    let limits = Limits { body_timeout: Duration::from_secs(3), ..Limits::default() };
    let functions = Functions::<()>::new().http("Take", post("take"), take);
    let app = TestApp::new(functions.all().expect("right").with_state(()).limits(limits));
    let mut request = request("POST", "/api/take", endless());
    request.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("a type"));
    let begun = Instant::now();
    let response = app.http(InvocationMode::Proxy, request).await;
    assert_eq!((response.status.as_u16(), begun.elapsed().as_secs()), (408, 3));
}

#[tokio::test]
async fn an_envelope_beyond_its_limit_is_refused() {
    async fn take(body: Bytes) -> String {
        body.len().to_string()
    }
    let limits = Limits { max_envelope_bytes: 1000, ..Limits::default() };
    let functions =
        Functions::<()>::new().http("Take", post("take"), take).queue("Work", "jobs", async || ());
    let app = TestApp::new(functions.all().expect("right").with_state(()).limits(limits));
    for (mode, status) in
        [(InvocationMode::Envelope, 413), (InvocationMode::Forward, 200), (InvocationMode::Proxy, 200)]
    {
        let response = app.http(mode, request("POST", "/api/take", "x".repeat(1000))).await;
        assert_eq!(response.status, status, "{mode:?}");
    }
    assert!(!app.queue("Work", "x".repeat(1000)).await.succeeded);
    assert!(app.queue("Work", "x").await.succeeded);
}

#[tokio::test]
async fn a_streamed_answer_keeps_its_place_until_its_end() {
    let functions = Functions::<()>::new().http("Stream", get("stream"), async || endless().into_response());
    let limits = ConcurrencyLimits { running: 1, ..ConcurrencyLimits::default() };
    let app = functions.all().expect("right").with_state(()).concurrency(Concurrency::new(limits));
    let mut service = app.into_service(7071);
    let Ok(streaming) = service.call(request("GET", "/api/stream", "")).await;
    assert_eq!(streaming.status(), 200);
    let Ok(refused) = service.call(request("GET", "/api/stream", "")).await;
    assert_eq!(refused.status(), 503);
    drop(streaming);
    let Ok(next) = service.call(request("GET", "/api/stream", "")).await;
    assert_eq!(next.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn buffering_a_response_respects_the_deadline() {
    let functions = Functions::<()>::new().http("Stream", get("stream"), async || endless().into_response());
    let limits = Limits { http_timeout: Duration::from_secs(7), ..Limits::default() };
    let app = |is_portable| {
        TestApp::new(functions.all().expect("right").with_state(()).limits(limits).portable(is_portable))
    };
    for (mode, is_portable) in [
        (InvocationMode::Envelope, false),
        (InvocationMode::Envelope, true),
        (InvocationMode::Forward, true),
        (InvocationMode::Proxy, true),
    ] {
        let begun = Instant::now();
        let app = app(is_portable);
        let call = app.http(mode, request("GET", "/api/stream", ""));
        let response = timeout(Duration::from_mins(1), call).await.expect("an answer in time");
        assert_eq!((response.status.as_u16(), begun.elapsed().as_secs()), (504, 7), "{mode:?} {is_portable}");
    }
}

#[tokio::test]
async fn envelope_responses_are_limited_to_100_mib() {
    /// A body of 101 MiB, whose parts share one MiB of memory.
    async fn large() -> Response {
        let mebibyte = Bytes::from(vec![b'x'; 1 << 20]);
        let parts = std::iter::repeat_n(Ok::<_, Infallible>(mebibyte), 101);
        ([(CONTENT_TYPE, "text/plain")], Body::from_stream(stream::iter(parts))).into_response()
    }
    let functions = Functions::<()>::new().http("Large", get("large"), large);
    let app = TestApp::new(functions.all().expect("right").with_state(()));
    let response = app.http(InvocationMode::Envelope, request("GET", "/api/large", "")).await;
    assert_eq!(response.status, 500);
}
