//! One span and one line of log for each invocation.

use std::{cell::RefCell, io, sync::Once};

use azure_functions_handler::{
    Functions, Invocation, InvocationMode, PARENT_SPAN_ID, SPAN_ID, SpanContext, TRACE_ID, TestApp, get,
    queue,
};
use serde_json::Value;
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

fn app(exports_spans: bool) -> TestApp {
    async fn trace(invocation: Invocation) -> String {
        invocation.trace.to_string()
    }
    async fn fails() -> Result<(), azure_functions_handler::InvocationFailed> {
        Err(azure_functions_handler::InvocationFailed::new("a reason"))
    }
    let functions =
        Functions::<()>::new().http("Trace", get("trace"), trace).queue("Fails", queue("jobs"), fails);
    TestApp::new(functions.all().expect("right").with_state(()).span(span).exports_spans(exports_spans))
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
        let response = app(false).http(mode, traced()).await;
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
async fn an_app_that_exports_spans_continues_the_trace_by_one_of_its_own() {
    listen();
    for mode in InvocationMode::ALL {
        let response = app(true).http(mode, traced()).await;
        let span = logged()[0]["span"].clone();
        let own = span[SPAN_ID].as_str().expect("a span").to_owned();
        assert_eq!(span[PARENT_SPAN_ID], PARENT, "{mode:?}");
        assert_ne!(own, PARENT, "{mode:?}");
        assert_eq!(response.text(), format!("00-{TRACE}-{own}-01"), "{mode:?}");
    }
}

#[tokio::test]
async fn the_log_says_why_an_invocation_failed() {
    listen();
    assert!(!app(false).queue("Fails", "x").await.succeeded);
    let lines = logged();
    let events: Vec<_> = lines.iter().map(|line| line["fields"]["event"].clone()).collect();
    assert_eq!(events, ["invocation-failed", "invocation-ended"]);
    assert_eq!(lines[0]["fields"]["reason"], "a reason");
}
