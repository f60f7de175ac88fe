//! Traces as the console shows them.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Page, an_app,
    exporter::{export, span, text},
    live::event,
    refused,
};
use crate::app::{Running, TestApp, within};

const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
const CALLER: u64 = 0xb7ad_6b71_6920_3331;

fn traceparent() -> String {
    format!("00-{TRACE:032x}-{CALLER:016x}-01")
}

async fn trace(page: &Page, id: u128) -> Value {
    page.get(&format!("traces/{id:032x}")).await
}

/// Depth and name of each span, in the sequence of the waterfall.
fn rows(trace: &Value) -> Vec<(u64, String)> {
    let row = |row: &Value| (row["depth"].as_u64().unwrap(), row["name"].as_str().unwrap().to_owned());
    trace["rows"].as_array().unwrap().iter().map(row).collect()
}

fn as_rows<const N: usize>(rows: [(u64, &str); N]) -> Vec<(u64, String)> {
    rows.map(|(depth, name)| (depth, name.to_owned())).into()
}

/// A span of the worker that names its invocation.
fn of_invocation(invocation: &Value, span: Span) -> Span {
    Span { attributes: vec![text("faas.invocation_id", invocation.as_str().unwrap())], ..span }
}

/// The newest call of a function, as soon as it has ended.
async fn ended(page: &Page, function: &str) -> Value {
    within(async {
        loop {
            let calls = page.get("calls").await;
            let call = calls.as_array().unwrap().iter().find(|call| call["function"] == function);
            if let Some(call) = call.filter(|call| call["succeeded"].is_boolean()) {
                return call.clone();
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn call_traced(page: &Page) -> Value {
    let headers = [["traceparent", &traceparent()]];
    page.post("calls", json!({"method": "GET", "path": "/api/ok_hello?a=1", "headers": headers})).await
}

#[tokio::test]
async fn a_call_with_a_traceparent_is_a_span_of_its_trace() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let call = call_traced(&page).await;
    let shown = trace(&page, TRACE).await;
    assert_eq!(rows(&shown), as_rows([(0, "GET /api/ok_hello")]));
    let row = &shown["rows"][0];
    assert_eq!(
        (&row["source"], &row["call"], &row["error"]),
        (&json!("host"), &call["number"], &json!(false))
    );
    assert_eq!(call["trace"], format!("{TRACE:032x}"));
    let attributes = row["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!(["http.response.status_code", "200"])), "{row}");
    assert!(attributes.contains(&json!(["faas.invocation_id", call["invocation"]])), "{row}");
}

#[tokio::test]
async fn a_workers_span_stands_below_the_call_that_it_names() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let call = page.call("/api/ok_hello").await;
    assert_eq!(
        (&call["trace"], page.get("traces").await),
        (&json!(null), json!([])),
        "no trace is known yet"
    );
    let server = of_invocation(&call["invocation"], span(7, 1, 0, "ok_hello", 0));
    let statement = of_invocation(&call["invocation"], span(7, 2, 1, "SELECT things", 0));
    export(&running, vec![statement, server]).await;
    let expected = as_rows([(0, "GET /api/ok_hello"), (1, "ok_hello"), (2, "SELECT things")]);
    assert_eq!(rows(&trace(&page, 7).await), expected);
    let call = page.get(&format!("calls/{}", call["number"])).await;
    assert_eq!(call["trace"], format!("{:032x}", 7), "the call leads to it");
    assert_eq!(page.get("traces").await[0]["name"], "GET /api/ok_hello");
}

#[tokio::test]
async fn a_workers_span_below_the_callers_stands_below_the_call() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    call_traced(&page).await;
    export(&running, vec![span(TRACE, 1, CALLER, "of the worker", 0)]).await;
    let expected = as_rows([(0, "GET /api/ok_hello"), (1, "of the worker")]);
    assert_eq!(rows(&trace(&page, TRACE).await), expected);
    call_traced(&page).await;
    let shown = rows(&trace(&page, TRACE).await);
    assert!(shown.iter().all(|(depth, _)| *depth == 0), "of two calls it may be either's: {shown:?}");
}

#[tokio::test]
async fn a_message_shows_how_long_it_waited() {
    let mut running = an_app().start().await;
    let page = Page::open(&running).await;
    let put = json!({"text": "{}", "delaySeconds": 10});
    page.post("queues/jobs/messages", put).await;
    running.advance(10);
    running.ended("ok_take").await;
    let call = ended(&page, "ok_take").await;
    // The span that sent the message names its own, as a worker does that passes the trace on.
    let producer = span(7, 1, 0, "POST /things", 0);
    let consumer = of_invocation(&call["invocation"], span(7, 2, 1, "ok_take", 10));
    export(&running, vec![producer, consumer, span(7, 3, 2, "POST backend", 10)]).await;
    let shown = trace(&page, 7).await;
    let expected = as_rows([
        (0, "POST /things"),
        (1, "message of jobs"),
        (2, "wait in the queue"),
        (2, "ok_take"),
        (3, "POST backend"),
    ]);
    assert_eq!(rows(&shown), expected);
    let wait = &shown["rows"][2];
    assert_eq!(
        (&wait["source"], &wait["offset"], &wait["duration"]),
        (&json!("wait"), &json!(0.0), &json!(10_000.0))
    );
    assert_eq!(shown["rows"][1]["call"], call["number"]);
}

#[tokio::test]
async fn a_message_that_failed_waits_from_then_on() {
    let running: Running = TestApp::new().queue("fail_take", "jobs").start().await;
    let page = Page::open(&running).await;
    let mut events = running.listen();
    let mut attempt = async || {
        let is_end = |event| matches!(event, functions_emulator::Event::Invoked { .. }).then_some(());
        crate::app::next(&mut events, is_end).await;
    };
    running.queues.put("jobs", "AAAA".to_owned()).unwrap();
    attempt().await;
    running.queues_until(|queues| queues.counts("jobs").hidden == 1).await;
    running.advance(60);
    attempt().await;
    let calls = page.get("calls").await;
    let second = of_invocation(&calls[0]["invocation"], span(7, 1, 0, "fail_take", 60));
    let first = of_invocation(&calls[1]["invocation"], span(7, 2, 0, "fail_take", 0));
    export(&running, vec![second, first]).await;
    let shown = trace(&page, 7).await;
    let waits: Vec<&Value> =
        shown["rows"].as_array().unwrap().iter().filter(|row| row["source"] == "wait").collect();
    assert_eq!(waits.len(), 2);
    assert_eq!(waits[0]["duration"], json!(0.0));
    let second = waits[1]["duration"].as_f64().unwrap();
    assert!((59_000.0..=60_000.0).contains(&second), "not from the beginning, and not from now: {second}");
    assert_eq!(shown["errors"], 2, "both deliveries failed");
}

#[tokio::test]
async fn every_span_is_shown_once_whatever_its_parent() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let ring = [(1, 2), (2, 3), (3, 1), (4, 4), (5, 99), (6, 5)];
    export(&running, ring.map(|(id, parent)| span(7, id, parent, &id.to_string(), id)).into()).await;
    let shown = rows(&trace(&page, 7).await);
    let mut names: Vec<&str> = shown.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(&shown[..2], as_rows([(0, "5"), (1, "6")]));
    names.sort_unstable();
    assert_eq!(names, ["1", "2", "3", "4", "5", "6"]);
    let chain: Vec<Span> = (1..=9000).map(|id| span(8, id, id - 1, "deep", 0)).collect();
    export(&running, chain).await;
    assert_eq!(rows(&trace(&page, 8).await).last().unwrap().0, 8999, "depth costs no stack");
}

#[tokio::test]
async fn traces_are_found_by_text_error_and_duration() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let failed = Status { code: StatusCode::Error.into(), message: String::new() };
    let slow = vec![span(1, 1, 0, "Slow", 0), span(1, 2, 1, "part", 9)];
    let broken = vec![Span { status: Some(failed), ..span(2, 1, 0, "Broken", 0) }];
    for spans in [slow, broken] {
        export(&running, spans).await;
    }
    for (query, names) in [
        ("", vec!["Broken", "Slow"]),
        ("?text=slow", vec!["Slow"]),
        ("?text=PART", vec!["Slow"]),
        ("?text=shop&errors=false&minDuration=", vec!["Broken", "Slow"]),
        ("?text=00000000000000000000000000000002", vec!["Broken"]),
        ("?text=nothing", vec![]),
        ("?errors=true", vec!["Broken"]),
        ("?minDuration=10000", vec!["Slow"]),
        ("?minDuration=10000.5", vec![]),
    ] {
        let listed = page.get(&format!("traces{query}")).await;
        let found: Vec<&str> =
            listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{query}");
    }
    for wrong in ["?errors=1", "?minDuration=-1", "?minDuration=NaN", "?mindur=1"] {
        assert_eq!(refused(page.request(Method::GET, &format!("traces{wrong}"))).await.0, 400, "{wrong}");
    }
    for (id, status) in [("1", 400), ("0".repeat(32).as_str(), 400), ("1".repeat(32).as_str(), 404)] {
        assert_eq!(refused(page.request(Method::GET, &format!("traces/{id}"))).await.0, status, "{id}");
    }
}

#[tokio::test]
async fn the_page_is_told_of_new_spans() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let mut stream = page.request(Method::GET, "live").send().await.unwrap();
    let mut rest = String::new();
    event(&mut stream, &mut rest, |event| event["kind"] == "hello").await;
    export(&running, vec![span(1, 1, 0, "new", 0)]).await;
    event(&mut stream, &mut rest, |event| event["kind"] == "traces").await;
}

#[tokio::test]
async fn a_worker_can_export_until_it_ends() {
    let running = TestApp::new().http("wait_long").http("ok").start().await;
    let worker = running.host.worker_address().await.unwrap();
    let (url, console) = (running.host.url().to_owned(), running.host.console_url().to_owned());
    let call = running.call("wait_long");
    let page = Page::open(&running).await;
    within(async {
        while page.get("calls").await[0]["workerRequest"].is_null()
            && page.get("calls/1").await["attempts"] == 0
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let client = crate::app::client();
    let stopped = tokio::spawn(running.host.stop());
    within(async { while client.get(format!("{url}/api/ok")).send().await.unwrap().status() != 503 {} })
        .await;
    let export =
        client.post(format!("{console}otlp/v1/traces")).header("content-type", "application/json").body("{}");
    assert_eq!(export.send().await.unwrap().status(), 200);
    client.post(format!("http://{worker}/release")).body("{}").send().await.unwrap();
    assert_eq!(call.await.unwrap().0, 200, "what had begun is answered");
    within(stopped).await.unwrap();
}
