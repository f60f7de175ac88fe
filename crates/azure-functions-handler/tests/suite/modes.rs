//! What a handler sees of a request in each way in which the host calls it.

use std::convert::Infallible;

use axum_core::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use azure_functions_handler::{
    AuthLevel, Bytes, Functions, InvocationMode, Json, Logs, Outputs, TestApp, any, get, methods, post, put,
    queue_output,
};
use futures_util::stream;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower_service::Service;

use super::{app, request};

async fn echo(request: Request) -> Json<Value> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Json(json!({
        "method": parts.method.as_str(),
        "target": parts.uri.path_and_query().map(ToString::to_string),
        "tags": parts.headers.get_all("x-tag").iter().map(|value| value.to_str().expect("text")).collect::<Vec<_>>(),
        "body": body.to_vec(),
    }))
}

#[tokio::test]
async fn a_plain_request_looks_the_same_in_every_mode() {
    let app = app(&Functions::new().http("Echo", any("things/{id}"), echo));
    for (method, body) in [("GET", ""), ("POST", r#"{"a":1}"#), ("DELETE", ""), ("PUT", "plain")] {
        let mut seen = Vec::new();
        for mode in InvocationMode::ALL {
            let response = app.http(mode, request(method, "/api/things/a%20b?x=1&y=%20", body)).await;
            assert_eq!(response.status, StatusCode::OK, "{mode:?}");
            seen.push(response.json::<Value>());
        }
        assert_eq!(seen[0]["target"], "/api/things/a%20b?x=1&y=%20");
        assert_eq!(seen[0]["body"], json!(body.as_bytes()));
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    }
}

#[tokio::test]
async fn repeated_headers_stay_separate_only_in_envelopes() {
    let app = app(&Functions::new().http("Echo", any("things"), echo));
    for (mode, tags) in [
        (InvocationMode::Envelope, json!(["one", "two"])),
        (InvocationMode::Forward, json!(["one, two"])),
        (InvocationMode::Proxy, json!(["one, two"])),
    ] {
        let mut request = request("GET", "/api/things", "");
        request.headers_mut().append("x-tag", "one".parse().expect("a value"));
        request.headers_mut().append("x-tag", "two".parse().expect("a value"));
        assert_eq!(app.http(mode, request).await.json::<Value>()["tags"], tags, "{mode:?}");
    }
}

#[tokio::test]
async fn forwarded_paths_may_match_another_function() {
    let functions = Functions::new().http("Open", get("open/{id}"), async || "open").http(
        "Guarded",
        get("guarded").auth_level(AuthLevel::Admin),
        async || "guarded",
    );
    let app = app(&functions);
    for (mode, seen) in [
        (InvocationMode::Envelope, "open"),
        (InvocationMode::Forward, "guarded"),
        (InvocationMode::Proxy, "open"),
    ] {
        let response = app.http(mode, request("GET", "/api/open/..%5Cguarded", "")).await;
        assert_eq!(response.text(), seen, "{mode:?}");
    }
}

#[tokio::test]
async fn bytes_arrive_unchanged() {
    let app = app(&Functions::new().http("Echo", post("bytes"), echo));
    let bytes: Vec<u8> = (0..=255).collect();
    for mode in InvocationMode::ALL {
        let mut request = request("POST", "/api/bytes", bytes.clone());
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, "application/octet-stream".parse().expect("a type"));
        assert_eq!(app.http(mode, request).await.json::<Value>()["body"], json!(bytes), "{mode:?}");
    }
}

#[tokio::test]
async fn several_methods_and_no_others_reach_a_function() {
    let app = app(&Functions::new().http("Echo", methods([Method::GET, Method::PUT], "echo"), echo));
    for mode in InvocationMode::ALL {
        for (method, status) in [("GET", 200), ("PUT", 200), ("POST", 404)] {
            assert_eq!(
                app.http(mode, request(method, "/api/echo", "")).await.status,
                status,
                "{mode:?} {method}"
            );
        }
    }
}

#[tokio::test]
async fn a_redirect_passes_in_every_mode() {
    async fn redirect() -> (StatusCode, [(header::HeaderName, &'static str); 1]) {
        (StatusCode::SEE_OTHER, [(header::LOCATION, "/elsewhere")])
    }
    let app = app(&Functions::new().http("Redirect", get("redirect"), redirect));
    for mode in InvocationMode::ALL {
        let response = app.http(mode, request("GET", "/api/redirect", "")).await;
        assert_eq!(
            (response.status, &response.headers[header::LOCATION]),
            (StatusCode::SEE_OTHER, &"/elsewhere".parse().expect("a value")),
            "{mode:?}"
        );
    }
}

/// Answers that an envelope cannot carry.
fn unportable() -> Functions<()> {
    async fn cookies() -> HeaderMap {
        let cookie = |text: &str| (header::SET_COOKIE, text.parse().expect("a value"));
        [cookie("a=1"), cookie("b=2")].into_iter().collect()
    }
    async fn bytes() -> Bytes {
        Bytes::from_static(b"\xff\x00")
    }
    async fn date() -> &'static str {
        "2026-03-02T11:20:31.500Z"
    }
    Functions::new().http("Cookies", get("cookies"), cookies).http("Bytes", get("bytes"), bytes).http(
        "Date",
        get("date"),
        date,
    )
}

#[tokio::test]
async fn what_an_envelope_cannot_carry_fails_there_alone() {
    let app = app(&unportable());
    for path in ["/api/cookies", "/api/bytes", "/api/date"] {
        for (mode, status) in
            [(InvocationMode::Envelope, 500), (InvocationMode::Forward, 200), (InvocationMode::Proxy, 200)]
        {
            assert_eq!(app.http(mode, request("GET", path, "")).await.status, status, "{path} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_portable_app_fails_in_every_mode_alike() {
    let app = TestApp::new(unportable().all().expect("right").with_state(()).portable(true));
    for path in ["/api/cookies", "/api/bytes", "/api/date"] {
        for mode in InvocationMode::ALL {
            assert_eq!(app.http(mode, request("GET", path, "")).await.status, 500, "{path} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_function_with_outputs_sends_them_in_every_mode() {
    async fn submit(body: Bytes) -> (StatusCode, Outputs, Json<&'static str>) {
        (
            StatusCode::ACCEPTED,
            Outputs::new().message("jobs", body).message("jobs", "second"),
            Json("accepted"),
        )
    }
    let trigger = put("jobs").output(queue_output("jobs", "jobs-queue"));
    let app = app(&Functions::new().http("Submit", trigger, submit));
    for mode in InvocationMode::ALL {
        let response = app.http(mode, request("PUT", "/api/jobs", "first")).await;
        assert_eq!(response.status, StatusCode::ACCEPTED, "{mode:?}");
        assert_eq!(response.outcome.messages("jobs"), ["first", "second"], "{mode:?}");
    }
}

#[tokio::test]
async fn outputs_that_could_not_leave_fail_the_call() {
    async fn submit() -> Outputs {
        Outputs::new().message("jobs", "lost")
    }
    let trigger = post("jobs").output(queue_output("jobs", "jobs-queue"));
    let functions: Functions<()> = Functions::new().http("Submit", trigger, submit);
    let mut service = functions.all().expect("right").with_state(()).into_service(7071);
    let Ok(response) = service.call(request("POST", "/api/jobs", "")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

/// <https://github.com/Azure/azure-functions-core-tools/issues/2442>
#[tokio::test]
async fn the_first_function_by_name_is_called_as_the_host_does() {
    let functions = Functions::new()
        .http("Two", get("things/{id}"), async || "things")
        .http("one", get("{kind}/new"), async || "new")
        .http("B1", get("numbers/{id:int}"), async || "number")
        .http("C", get("numbers/{id}"), async || "name")
        .http("Z", get("{*path}"), async || "rest");
    let app = app(&functions);
    for (path, name) in [
        ("/api/things/new", "new"),
        ("/api/things/7", "things"),
        ("/api/numbers/7", "number"),
        ("/api/numbers/seven", "name"),
        ("/api/numbers/new", "name"),
        ("/api/things/7/parts", "rest"),
    ] {
        for mode in InvocationMode::ALL {
            assert_eq!(app.http(mode, request("GET", path, "")).await.text(), name, "{path} {mode:?}");
        }
    }
}

#[tokio::test]
async fn direct_responses_are_streamed() {
    let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
    let receiver = std::sync::Arc::new(tokio::sync::Mutex::new(receiver));
    let parts = move || {
        let receiver = std::sync::Arc::clone(&receiver);
        async move {
            Body::from_stream(stream::unfold(receiver, |receiver| async move {
                let next = receiver.lock().await.recv().await?;
                Some((Ok::<_, Infallible>(next), receiver))
            }))
            .into_response()
        }
    };
    let functions: Functions<()> = Functions::new().http("Parts", get("parts"), parts);
    let mut service = functions.all().expect("right").with_state(()).into_service(7071);
    let Ok(response): Result<Response, _> = service.call(request("GET", "/api/parts", "")).await;
    let mut body = response.into_body();
    for part in ["first", "second"] {
        sender.send(part).expect("the handler's stream lives");
        let frame = body.frame().await.expect("a frame").expect("a whole one");
        assert_eq!(frame.into_data().expect("data"), part);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn lines_for_the_hosts_log_leave_with_an_envelope() {
    async fn log(logs: Logs) {
        logs.push("first");
        logs.push("second");
    }
    let app = app(&Functions::new().http("Log", get("log"), log));
    let nothing: [&str; 0] = [];
    for (mode, lines) in [
        (InvocationMode::Envelope, &["first", "second"][..]),
        (InvocationMode::Forward, &nothing),
        (InvocationMode::Proxy, &nothing),
    ] {
        assert_eq!(app.http(mode, request("GET", "/api/log", "")).await.outcome.logs, lines, "{mode:?}");
    }
}
