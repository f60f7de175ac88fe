//! One span and one line of log for each invocation.

use std::{cell::RefCell, collections::HashMap, io, sync::Once};

use azure_functions_handler::{
    Functions, Invocation, InvocationMode, Json, Outputs, PARENT_SPAN_ID, ParentSpan, Path, SPAN_ID,
    SpanContext, SpanSampler, TRACE_ID, TestApp, TimerInfo, TraceContext, get, queue,
};
use http::StatusCode;
use serde_json::Value;
use tower_service::Service as _;
use tracing::{Span, field::Empty};

use super::request;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

thread_local! {
    /// What this thread logged.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct OfThisThread;

impl io::Write for OfThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Listens for the whole process. A test that listened by itself would miss what is first logged elsewhere at that moment:
/// tracing remembers of each place whether anybody wants to hear of it.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let subscriber = tracing_subscriber::fmt().json().with_writer(|| OfThisThread).finish();
        tracing::subscriber::set_global_default(subscriber).expect("there is no other subscriber");
    });
}

fn logged() -> Vec<Value> {
    let bytes = LOGGED.take();
    let text = String::from_utf8(bytes).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn span(context: SpanContext) -> Span {
    tracing::info_span!(
        "call",
        function = context.function,
        trace_id = Empty,
        span_id = Empty,
        parent_span_id = Empty
    )
}

/// One that exports what a caller exports, and what begins here.
fn parent_based() -> SpanSampler {
    SpanSampler::new(|_, parent| match parent {
        ParentSpan::None => true,
        ParentSpan::Caller { sampled } | ParentSpan::Message { sampled } => sampled,
    })
}

fn app(sampler: Option<SpanSampler>) -> TestApp {
    async fn trace(invocation: Invocation) -> String {
        invocation.trace.to_string()
    }
    async fn fails() -> Result<(), azure_functions_handler::InvocationFailed> {
        Err(azure_functions_handler::InvocationFailed::new("a reason"))
    }
    let functions =
        Functions::<()>::new().http("Trace", get("trace"), trace).queue("Fails", queue("jobs"), fails);
    TestApp::new(functions.all().expect("right").with_state(()).span(span).sample_spans(sampler))
}

fn traced() -> http::Request<axum_core::body::Body> {
    let mut request = request("GET", "/api/trace", "");
    let value = format!("00-{TRACE}-{PARENT}-01").parse().expect("a value");
    request.headers_mut().insert("traceparent", value);
    request
}

#[tokio::test]
async fn each_invocation_has_one_line_within_the_span_of_the_app() {
    listen();
    for mode in InvocationMode::ALL {
        let response = app(None).http(mode, traced()).await;
        assert_eq!(response.text(), format!("00-{TRACE}-{PARENT}-01"), "{mode:?}");
        let lines = logged();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(
            (&lines[0]["fields"]["event"], &lines[0]["fields"]["status"]),
            (&"invocation-ended".into(), &200.into())
        );
        let span = &lines[0]["span"];
        assert_eq!(
            (&span["name"], &span["function"], &span[TRACE_ID]),
            (&"call".into(), &"Trace".into(), &TRACE.into())
        );
    }
}

#[tokio::test]
async fn exporting_apps_add_a_span_to_the_trace() {
    listen();
    for mode in InvocationMode::ALL {
        let response = app(Some(parent_based())).http(mode, traced()).await;
        let span = logged()[0]["span"].clone();
        let own = span[SPAN_ID].as_str().expect("a span").to_owned();
        assert_eq!(span[PARENT_SPAN_ID], PARENT, "{mode:?}");
        assert_ne!(own, PARENT, "{mode:?}");
        assert_eq!(response.text(), format!("00-{TRACE}-{own}-01"), "{mode:?}");
    }
}

#[tokio::test]
async fn a_span_that_is_not_sampled_has_no_id_in_the_log() {
    listen();
    let not_sampled = || {
        let mut request = traced();
        let value = format!("00-{TRACE}-{PARENT}-00").parse().expect("a value");
        request.headers_mut().insert("traceparent", value);
        request
    };
    for mode in InvocationMode::ALL {
        let response = app(Some(parent_based())).http(mode, not_sampled()).await;
        let span = logged()[0]["span"].clone();
        assert_eq!((&span[SPAN_ID], &span[TRACE_ID]), (&"".into(), &TRACE.into()), "{mode:?}");
        let own: TraceContext = response.text().parse().expect("a traceparent");
        assert!(own.trace_id() == TRACE && own.span_id() != PARENT && !own.is_sampled(), "{own}");
    }
}

#[tokio::test]
async fn an_invocation_moves_into_the_trace_of_its_message() {
    async fn moves(mut invocation: Invocation) -> String {
        let sender: TraceContext =
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().expect("one");
        invocation.continue_trace(&sender);
        invocation.trace.to_string()
    }
    listen();
    let functions = Functions::<()>::new().http("Moves", get("trace"), moves);
    let app = |sampler| {
        TestApp::new(functions.all().expect("right").with_state(()).span(span).sample_spans(sampler))
    };
    let mode = InvocationMode::ALL[0];
    let response = app(None).http(mode, traced()).await;
    assert_eq!(response.text(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    logged();
    let response = app(Some(parent_based())).http(mode, traced()).await;
    let span = logged()[0]["span"].clone();
    assert_eq!(span[TRACE_ID], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!((&span[PARENT_SPAN_ID], &span[SPAN_ID]), (&"00f067aa0ba902b7".into(), &"".into()));
    let own: TraceContext = response.text().parse().expect("a traceparent");
    assert!(own.trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736" && !own.is_sampled(), "{own}");
}

#[tokio::test]
async fn the_log_says_why_an_invocation_failed() {
    listen();
    assert!(!app(None).queue("Fails", "x").await.succeeded);
    let lines = logged();
    let events: Vec<_> = lines.iter().map(|line| line["fields"]["event"].clone()).collect();
    assert_eq!(events, ["invocation-failed", "invocation-ended"]);
    assert_eq!(lines[0]["fields"]["reason"], "a reason");
}

#[tokio::test]
async fn handler_errors_are_logged_and_not_sent() {
    async fn bare(_: TimerInfo) {}
    async fn unwritable() -> Json<HashMap<(u8, u8), u8>> {
        Json(HashMap::from([((1, 2), 3)]))
    }
    listen();
    let functions = Functions::<()>::new()
        .http("Bare", get("bare"), bare)
        .http("Unwritable", get("unwritable"), unwritable)
        .queue("Wrong", queue("jobs"), bare);
    let app = TestApp::new(functions.all().expect("right").with_state(()));
    for (path, words) in [("/api/bare", "`TimerInfo`"), ("/api/unwritable", "as JSON")] {
        for mode in InvocationMode::ALL {
            let answer = app.http(mode, request("GET", path, "")).await;
            assert_eq!(answer.status, 500, "{path} {mode:?}");
            assert_eq!(answer.json::<Value>()["detail"], "the function failed", "{path} {mode:?}");
            let lines = logged();
            let told = &lines[0]["fields"];
            assert_eq!(
                (&lines[0]["level"], &told["event"]),
                (&"ERROR".into(), &"handler-invalid".into()),
                "{lines:?}"
            );
            assert!(told["error"].as_str().is_some_and(|error| error.contains(words)), "{told}");
        }
    }
    assert!(!app.queue("Wrong", "x").await.succeeded);
    assert_eq!(logged()[0]["fields"]["event"], "handler-invalid");
}

#[tokio::test]
async fn an_on_error_panic_is_logged_and_replaced() {
    listen();
    let functions = Functions::<()>::new().http("Number", get("number/{n}"), async |_: Path<u32>| {});
    let app = || functions.all().expect("right").with_state(()).on_error(|_, _| panic!("no words"));
    for mode in InvocationMode::ALL {
        let answer = TestApp::new(app()).http(mode, request("GET", "/api/number/x", "")).await;
        assert_eq!(
            (answer.status, answer.json::<Value>()["status"].clone()),
            (StatusCode::BAD_REQUEST, 400.into())
        );
        let events: Vec<_> = logged().iter().map(|line| line["fields"]["event"].clone()).collect();
        assert_eq!(events, ["handler-panicked", "invocation-ended"], "{mode:?}");
    }
    let Ok(answer) = app().into_service(7071).call(request("GET", "/nowhere", "")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_output_that_is_not_registered_is_named_in_every_mode() {
    async fn astray() -> Outputs {
        Outputs::new().message("jobs", "x")
    }
    listen();
    let functions = Functions::<()>::new().http("Astray", get("astray"), astray);
    let app = TestApp::new(functions.all().expect("right").with_state(()));
    for mode in InvocationMode::ALL {
        assert_eq!(app.http(mode, request("GET", "/api/astray", "")).await.status, 500, "{mode:?}");
        let error = logged()[0]["fields"]["error"].clone();
        assert!(
            error.as_str().is_some_and(|error| error.contains("output `jobs` is not one")),
            "{mode:?} {error}"
        );
    }
}
