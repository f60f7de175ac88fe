//! Orders that come through a queue.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_emulator::easyauth::EasyAuthMode;
use serde_json::{Value, json};

use crate::support::{
    ABROAD, EventLog, IdentityMode, Mode, Principal, Setup, TENANT, TestApp, deliver, in_every_mode,
};

in_every_mode!(
    an_ingested_order_belongs_to_its_owner,
    a_second_delivery_changes_nothing,
    an_invalid_order_message_becomes_a_dead_letter,
    ingested_orders_need_an_owner_of_the_tenant,
    ingestion_requires_a_tenant,
    a_poison_message_is_recorded_once,
);

const BUYER: &str = "11111111-0000-4000-8000-000000000001";
const MESSAGE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn message() -> Value {
    json!({
        "version": 1,
        "messageId": MESSAGE,
        "owner": {"tenantId": TENANT, "objectId": BUYER},
        "reference": "EDI-1",
        "currency": "EUR",
        "lines": [{"sku": "BEANS", "quantity": 2}],
        "note": null,
    })
}

fn with(member: &str, value: Value) -> String {
    let mut message = message();
    message[member] = value;
    message.to_string()
}

async fn orders(app: &TestApp) -> Vec<Value> {
    let all = app.user("admin").get("/api/orders?scope=all&limit=100").await.json();
    all["items"].as_array().expect("items").clone()
}

/// Queue, reason and message id of each dead letter.
async fn letters(app: &TestApp) -> Vec<Value> {
    let letters = app.user("admin").get("/api/dead-letters?limit=100").await.json();
    let items = letters["items"].as_array().expect("items");
    items.iter().map(|letter| json!([letter["queue"], letter["reason"], letter["messageId"]])).collect()
}

async fn an_ingested_order_belongs_to_its_owner(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    deliver(&app, "orders-incoming", message().to_string()).await;
    let buyer = app.user("buyer");
    let own = buyer.get("/api/orders").await.json();
    let placed = &own["items"][0];
    assert_eq!(
        (&placed["reference"], &placed["total"], &placed["status"], &placed["version"]),
        (&json!("EDI-1"), &json!(2580), &json!("placed"), &json!(1))
    );
    let path = format!("/api/orders/{}/history", placed["id"].as_str().expect("an id"));
    let history = buyer.get(&path).await.json();
    assert_eq!(history["items"][0]["actor"], json!({"kind": "system", "objectId": null}));
    assert!(letters(&app).await.is_empty());
}

async fn a_second_delivery_changes_nothing(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let spelt_otherwise = serde_json::to_string_pretty(&message()).expect("JSON");
    for payload in [message().to_string(), message().to_string(), spelt_otherwise] {
        deliver(&app, "orders-incoming", payload).await;
    }
    assert_eq!(orders(&app).await.len(), 1);
    assert!(letters(&app).await.is_empty());
    deliver(&app, "orders-incoming", with("note", json!("other content"))).await;
    assert_eq!(orders(&app).await.len(), 1);
    assert_eq!(letters(&app).await, [json!(["orders-incoming", "reused", MESSAGE])]);
}

async fn an_invalid_order_message_becomes_a_dead_letter(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let hostile = [
        (String::new(), json!(["orders-incoming", "malformed", null])),
        ("{".to_owned(), json!(["orders-incoming", "malformed", null])),
        (with("version", json!(2)), json!(["orders-incoming", "invalid", MESSAGE])),
        (with("messageId", json!("x")), json!(["orders-incoming", "invalid", null])),
        (
            with("lines", json!([{"sku": "NONE", "quantity": 1}])),
            json!(["orders-incoming", "invalid", MESSAGE]),
        ),
        (with("roles", json!(["OrderAdmin"])), json!(["orders-incoming", "invalid", MESSAGE])),
    ];
    for (payload, _) in &hostile {
        deliver(&app, "orders-incoming", payload).await;
    }
    let expected: Vec<Value> = hostile.iter().rev().map(|(_, letter)| letter.clone()).collect();
    assert_eq!(letters(&app).await, expected);
    assert!(orders(&app).await.is_empty());
    assert!(app.queues.is_empty("orders-incoming-poison").await, "nothing was retried");
    deliver(&app, "orders-incoming", message().to_string()).await;
    assert_eq!(orders(&app).await.len(), 1, "a refused message leaves its id free");
}

async fn ingested_orders_need_an_owner_of_the_tenant(mode: Mode) {
    let app = Setup::in_mode(mode).set("ORDERS_ENTRA_TENANT_ID", TENANT).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    deliver(&app, "orders-incoming", with("owner", json!({"tenantId": ABROAD, "objectId": BUYER}))).await;
    assert!(orders(&app).await.is_empty());
    assert_eq!(letters(&app).await, [json!(["orders-incoming", "other-tenant", MESSAGE])]);
    deliver(&app, "orders-incoming", message().to_string()).await;
    assert_eq!(orders(&app).await.len(), 1);
}

async fn ingestion_requires_a_tenant(mode: Mode) {
    let setup =
        Setup::in_mode(mode).identity_mode(IdentityMode::HeaderOfAnyTenant).easyauth(EasyAuthMode::Bypassed);
    let mut app = setup.stocked("BEANS").start().await;
    app.queues.put("orders-incoming", STANDARD.encode(message().to_string())).await;
    let mut heard = EventLog::default();
    let failed = |heard: &EventLog| {
        let failed = heard.events("invocation-failed").into_iter();
        failed.filter(|line| line["function"] == "IngestOrder").map(|line| line["reason"].clone()).next()
    };
    heard.until(&mut app, "IngestOrder fails", |heard| failed(heard).is_some()).await;
    let reason = failed(&heard).expect("it failed").to_string();
    assert!(reason.contains("ORDERS_ENTRA_TENANT_ID is not set"), "{reason}");
    assert_eq!(app.queues.held("orders-incoming").await, 1, "it is delivered again");
    let buyer = app.principal(&Principal::user(TENANT, 1));
    assert_eq!(buyer.get("/api/orders").await.json()["items"], json!([]));
}

async fn a_poison_message_is_recorded_once(mode: Mode) {
    let app = TestApp::start(mode).await;
    for _ in 0..2 {
        deliver(&app, "orders-incoming-poison", message().to_string()).await;
    }
    deliver(&app, "orders-incoming-poison", [0xff, 0x00]).await;
    let poison = |id: Value| json!(["orders-incoming", "poison", id]);
    assert_eq!(letters(&app).await, [poison(json!(null)), poison(json!(MESSAGE))]);
}
