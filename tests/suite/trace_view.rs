//! The traces that the emulator's console shows of this app.

use serde_json::{Value, json};

use crate::{
    fulfilment::Known,
    support::{Client, Mode, SOON, Setup, TENANT, TestApp, deliver},
};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";

/// An app that exports to its console.
fn exporting() -> Setup {
    Setup::in_mode(Mode::Proxy)
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", "%FUNCTIONS_EMULATOR_URL%/_emulator/otlp")
        .set("OTEL_BSP_SCHEDULE_DELAY", "100")
}

/// The console's page, as a client of its interface.
async fn console(app: &TestApp) -> Client {
    let page = app.anonymous().get("/_emulator/").await;
    let page = String::from_utf8(page.body).expect("a page");
    let token =
        page.split("name=\"console-token\" content=\"").nth(1).and_then(|rest| rest.split('"').next());
    app.anonymous().with("x-emulator-console", token.expect("a token"))
}

/// The spans of a trace, as soon as one of this name is among them.
async fn spans(app: &TestApp, console: &Client, id: &str, wanted: &str) -> Vec<Value> {
    let path = format!("/_emulator/api/traces/{id}");
    let named = |trace: &Value| {
        trace["rows"].as_array().is_some_and(|rows| rows.iter().any(|span| span["name"] == wanted))
    };
    app.eventually(wanted, SOON, async || named(&console.get(&path).await.json())).await;
    let trace = console.get(&path).await.json();
    trace["rows"].as_array().expect("spans").clone()
}

/// Depth and name of each span, statements of the database left out.
fn outline(spans: &[Value]) -> Vec<(u64, &str)> {
    let is_statement = |span: &Value| span["attributes"].to_string().contains("db.system.name");
    spans
        .iter()
        .filter(|span| !is_statement(span))
        .map(|span| (span["depth"].as_u64().expect("a depth"), span["name"].as_str().expect("a name")))
        .collect()
}

#[tokio::test]
async fn an_order_is_one_trace_from_the_call_over_the_queue_to_the_backend() {
    let known = Known::start().await;
    let app = known.under(exporting()).start().await;
    let console = console(&app).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    let clerk = app.user("clerk").with("traceparent", TRACE);
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    app.becomes(&buyer, &location, "fulfilled", SOON).await;
    spans(&app, &console, TRACE_ID, "message of orders-fulfilment").await;
    let spans = spans(&app, &console, TRACE_ID, "ProcessOrder").await;
    let expected = [
        (0, "POST /api/orders/{id}/process"),
        (1, "ProcessOrder"),
        (2, "message of orders-fulfilment"),
        (3, "wait in the queue"),
        (3, "FulfilOrder"),
        (4, "POST"),
    ];
    assert_eq!(outline(&spans), expected);
    assert!(spans.iter().all(|span| span["error"] == json!(false)), "{spans:?}");
    assert!(spans.len() > expected.len(), "statements are spans too");
}

#[tokio::test]
async fn an_incoming_order_is_a_trace_that_begins_in_its_queue() {
    let app = exporting().start().await;
    let console = console(&app).await;
    app.user("admin").stock("BEANS", 1290).await;
    let message = json!({
        "version": 1, "messageId": "01890a5d-ac96-774b-bcce-b302099a8057", "note": null, "currency": "EUR",
        "owner": {"tenantId": TENANT, "objectId": "11111111-0000-4000-8000-000000000001"},
        "reference": "EDI-1", "lines": [{"sku": "BEANS", "quantity": 2}],
    });
    deliver(&app, "orders-incoming", message.to_string()).await;
    let list = "/_emulator/api/traces?text=IngestOrder";
    let found = async || console.get(list).await.json()[0]["id"].as_str().map(str::to_owned);
    app.eventually("a trace", SOON, async || found().await.is_some()).await;
    let id = found().await.expect("it is there");
    let spans = spans(&app, &console, &id, "message of orders-incoming").await;
    let expected = [(0, "message of orders-incoming"), (1, "wait in the queue"), (1, "IngestOrder")];
    assert_eq!(outline(&spans), expected);
}
