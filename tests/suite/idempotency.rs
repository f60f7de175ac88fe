//! `Idempotency-Key`: the same request twice, one order.

use functions_emulator::easyauth::EasyAuthMode;
use serde_json::json;

use crate::support::{
    ABROAD, Client, IdentityMode, Mode, Principal, Reply, Setup, TENANT, TestApp, a_revision, an_order,
    in_every_mode,
};

in_every_mode!(
    a_repeated_request_gets_the_identical_response,
    reusing_a_key_for_another_request_is_rejected,
    an_idempotency_key_belongs_to_its_caller,
    concurrent_requests_with_one_key_create_one_order,
    a_replayed_request_is_checked_again,
    an_idempotency_key_is_one_header_of_visible_ascii,
    the_nightly_purge_keeps_recent_keys,
);

async fn orders(client: &Client) -> usize {
    client.get("/api/orders?limit=100").await.json()["items"].as_array().expect("items").len()
}

/// The parts of an answer that must be equal byte for byte when the request is repeated.
fn committed(reply: &Reply) -> (u16, Option<&str>, Option<&str>, &[u8]) {
    (reply.status, reply.header("location"), reply.header("etag"), &reply.body)
}

async fn a_repeated_request_gets_the_identical_response(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    admin.stock("BEANS", 1290).await;
    let buyer = app.user("buyer").with("idempotency-key", "shop-4711");
    let first = buyer.post("/api/orders", &an_order("BEANS")).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None), "{first:?}");
    let location = first.header("location").expect("a location");
    app.user("buyer").with("if-match", "\"1\"").put(location, &a_revision("BEANS")).await;
    let retired = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1, "active": false});
    admin.with("if-match", "\"1\"").put("/api/products/BEANS", &retired).await;
    let spelt_otherwise = r#" {"note": "ring tw\u0069ce", "lines": [{"quantity": 2, "sku": "BEANS"}],
        "currency": "EUR", "reference": "PO-17"} "#;
    let again = buyer.raw("POST", "/api/orders", Some("application/json"), spelt_otherwise).await;
    assert_eq!(committed(&again), committed(&first));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(orders(&buyer).await, 1);
}

async fn reusing_a_key_for_another_request_is_rejected(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer").with("idempotency-key", "shop-4711");
    assert_eq!(buyer.post("/api/orders", &an_order("BEANS")).await.status, 201);
    let mut other = an_order("BEANS");
    other["note"] = json!("ring thrice");
    let reply = buyer.post("/api/orders", &other).await;
    assert_eq!((reply.status, reply.problem().as_str()), (422, "key-reused"));
    assert_eq!(reply.json().get("errors"), None);
    assert_eq!(orders(&buyer).await, 1);
}

async fn an_idempotency_key_belongs_to_its_caller(mode: Mode) {
    let setup =
        Setup::in_mode(mode).identity_mode(IdentityMode::HeaderOfAnyTenant).easyauth(EasyAuthMode::Bypassed);
    let app = setup.stocked("BEANS").start().await;
    let mut locations = Vec::new();
    for person in [Principal::user(TENANT, 1), Principal::user(TENANT, 2), Principal::user(ABROAD, 1)] {
        let client = app.principal(&person).with("idempotency-key", "k");
        let reply = client.post("/api/orders", &an_order("BEANS")).await;
        assert_eq!((reply.status, reply.header("idempotency-replayed")), (201, None), "{person:?}");
        locations.push(reply.header("location").expect("a location").to_owned());
    }
    locations.dedup();
    assert_eq!(locations.len(), 3);
}

async fn concurrent_requests_with_one_key_create_one_order(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer").with("idempotency-key", "twin");
    let twins = (0..8).map(|_| {
        let buyer = buyer.clone();
        tokio::spawn(async move { buyer.post("/api/orders", &an_order("BEANS")).await })
    });
    let mut answers = Vec::new();
    for twin in twins.collect::<Vec<_>>() {
        answers.push(twin.await.expect("an answer"));
    }
    assert!(answers.iter().all(|answer| committed(answer) == committed(&answers[0])), "{answers:?}");
    let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!((answers[0].status, fresh.count()), (201, 1));
    assert_eq!(orders(&buyer).await, 1);
}

async fn a_replayed_request_is_checked_again(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let key = |client: Client| client.with("idempotency-key", "k");
    let refused = key(app.user("buyer")).post("/api/orders", &an_order("NONE")).await;
    assert_eq!(refused.status, 422, "a refused request leaves no key");
    assert_eq!(key(app.user("buyer")).post("/api/orders", &an_order("BEANS")).await.status, 201);
    assert_eq!(key(app.anonymous()).post("/api/orders", &an_order("BEANS")).await.status, 401);
    assert_eq!(key(app.user("visitor")).post("/api/orders", &an_order("BEANS")).await.status, 403);
    let typed = key(app.user("buyer")).raw("POST", "/api/orders", Some("text/plain"), "x").await;
    assert_eq!(typed.status, 415);
    let mistaken = key(app.user("buyer")).post("/api/orders", &json!({})).await;
    assert_eq!((mistaken.status, mistaken.problem().as_str()), (422, "invalid-fields"));
}

async fn an_idempotency_key_is_one_header_of_visible_ascii(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let (longest, longer) = ("k".repeat(255), "k".repeat(256));
    for (key, status) in [("!~\"", 201), (longest.as_str(), 201), ("a b", 400), (longer.as_str(), 400)] {
        let reply = buyer.with("idempotency-key", key).post("/api/orders", &an_order("BEANS")).await;
        assert_eq!(reply.status, status, "{key}: {reply:?}");
    }
    let twice = buyer.with("idempotency-key", "a").with("idempotency-key", "b");
    let reply = twice.post("/api/orders", &an_order("BEANS")).await;
    assert_eq!((reply.status, reply.problem().as_str()), (400, "malformed"));
    let elsewhere = buyer.with("idempotency-key", "a b").get("/api/orders").await;
    assert_eq!(elsewhere.status, 200, "it is ignored where it means nothing");
}

async fn the_nightly_purge_keeps_recent_keys(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer").with("idempotency-key", "k");
    let first = buyer.post("/api/orders", &an_order("BEANS")).await;
    app.host.fire_timer("PurgeExpired").await.expect("the timer runs");
    let again = buyer.post("/api/orders", &an_order("BEANS")).await;
    assert_eq!(committed(&again), committed(&first));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}
