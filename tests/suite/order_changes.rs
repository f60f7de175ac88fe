//! Changing and taking back orders that are still placed.

use serde_json::json;

use crate::support::{Mode, Setup, TestApp, a_revision, in_every_mode};

in_every_mode!(
    a_change_updates_the_price_and_the_version,
    a_change_requires_the_current_version,
    update_checks_run_in_the_documented_order,
    an_order_is_cancelled_once,
    a_queued_order_cannot_be_changed,
);

async fn a_change_updates_the_price_and_the_version(mode: Mode) {
    let app = TestApp::start(mode).await;
    let (admin, buyer) = (app.user("admin"), app.user("buyer"));
    admin.stock("BEANS", 1290).await;
    let location = buyer.place("BEANS").await;
    let dearer = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1390});
    admin.with("if-match", "\"1\"").put("/api/products/BEANS", &dearer).await;
    let changed = buyer.with("if-match", "\"1\"").put(&location, &a_revision("BEANS")).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{changed:?}");
    let shown = changed.json();
    assert_eq!(
        shown["lines"],
        json!([{"sku": "BEANS", "quantity": 3, "unitPrice": 1390, "lineTotal": 4170}])
    );
    assert_eq!(
        (&shown["total"], &shown["reference"], &shown["note"], &shown["currency"], &shown["status"]),
        (&json!(4170), &json!("PO-18"), &json!(null), &json!("EUR"), &json!("placed"))
    );
    assert_eq!(buyer.get(&location).await.json(), shown);
}

async fn a_change_requires_the_current_version(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    for (name, value, status, slug) in [
        ("x-nothing", "said", 428, "precondition-required"),
        ("if-match", "*", 428, "precondition-required"),
        ("if-match", "\"2\"", 412, "stale"),
        ("if-match", "\"none-of-ours\"", 412, "stale"),
        ("if-match", "W/\"1\"", 400, "malformed"),
        ("if-match", "\"1\", \"2\"", 400, "malformed"),
        ("if-match", "1", 400, "malformed"),
        ("if-match", "\"1 2\"", 400, "malformed"),
    ] {
        let reply = buyer.with(name, value).put(&location, &a_revision("BEANS")).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, slug), "{name}: {value}");
    }
    let first = buyer.with("if-match", "\"1\"");
    let revision = a_revision("BEANS");
    let (one, other) = tokio::join!(first.put(&location, &revision), first.put(&location, &revision));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "of two that name one version exactly one wins");
    assert_eq!(buyer.get(&location).await.header("etag"), Some("\"2\""));
}

async fn update_checks_run_in_the_documented_order(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let (buyer, neighbour) = (app.user("buyer"), app.user("neighbour"));
    let location = buyer.place("BEANS").await;
    let mut with_currency = a_revision("BEANS");
    with_currency["currency"] = json!("EUR");
    let reply = buyer.put(&location, &with_currency).await;
    assert_eq!((reply.status, reply.faults()), (422, vec![("/currency".into(), "unknown-field".into())]));
    let reply = buyer.put(&location, &a_revision("NONE")).await;
    assert_eq!((reply.status, reply.faults()), (422, vec![("/lines/0".into(), "unknown".into())]));
    assert_eq!(buyer.put("/api/orders/no-uuid", &a_revision("BEANS")).await.status, 428);
    assert_eq!(neighbour.put(&location, &a_revision("BEANS")).await.status, 428);
    let stale = neighbour.with("if-match", "\"9\"");
    for path in [location.as_str(), "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057", "/api/orders/no-uuid"]
    {
        let reply = stale.put(path, &a_revision("BEANS")).await;
        assert_eq!((reply.status, reply.problem().as_str()), (404, "not-found"), "{path}");
    }
    buyer.post_nothing(&format!("{location}/cancel")).await;
    let stale = buyer.with("if-match", "\"1\"").put(&location, &a_revision("BEANS")).await;
    assert_eq!(stale.status, 412, "a stale tag is told before the state");
    let late = buyer.with("if-match", "\"2\"").put(&location, &a_revision("BEANS")).await;
    assert_eq!((late.status, late.problem().as_str()), (409, "conflict"));
}

async fn an_order_is_cancelled_once(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    admin.stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    let path = format!("{location}/cancel");
    for _ in 0..2 {
        let reply = buyer.post_nothing(&path).await;
        assert_eq!((reply.status, reply.header("etag")), (200, Some("\"2\"")), "{reply:?}");
        assert_eq!(reply.json()["status"], "cancelled");
    }
    let body = admin.raw("POST", &path, Some("text/plain"), "a body is not looked at").await;
    assert_eq!((body.status, body.header("etag")), (200, Some("\"2\"")));
    let late = app.user("clerk").post_nothing(&format!("{location}/process")).await;
    assert_eq!((late.status, late.problem().as_str()), (409, "conflict"));
}

async fn a_queued_order_cannot_be_changed(mode: Mode) {
    let app = Setup::in_mode(mode).set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    app.user("clerk").post_nothing(&format!("{location}/process")).await;
    let cancelled = buyer.post_nothing(&format!("{location}/cancel")).await;
    let changed = buyer.with("if-match", "\"2\"").put(&location, &a_revision("BEANS")).await;
    for reply in [cancelled, changed] {
        assert_eq!((reply.status, reply.problem().as_str()), (409, "conflict"));
    }
    assert_eq!(buyer.get(&location).await.header("etag"), Some("\"2\""));
}
