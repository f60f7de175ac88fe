//! Dead letters that are sent again.

use serde_json::{Value, json};

use crate::support::{Client, Mode, SOON, Setup, TENANT, TestApp, deliver, in_every_mode, payload};

in_every_mode!(
    a_replayed_order_is_fulfilled,
    a_dead_letter_is_replayed_once,
    an_unfixed_replay_becomes_a_dead_letter_again,
    a_replayed_order_message_creates_one_order,
);

async fn letters(app: &TestApp) -> Vec<Value> {
    let letters = app.user("admin").get("/api/dead-letters?limit=100").await.json();
    letters["items"].as_array().expect("items").clone()
}

fn path(letter: &Value) -> String {
    format!("/api/dead-letters/{}/replay", letter["id"].as_str().expect("an id"))
}

async fn relay(app: &TestApp) {
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
}

async fn a_replayed_order_is_fulfilled(mode: Mode) {
    let app = Setup::in_mode(mode).set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    let (admin, buyer) = (app.user("admin"), app.user("buyer"));
    admin.stock("BEANS", 1290).await;
    let location = buyer.place("BEANS").await;
    app.user("clerk").post_nothing(&format!("{location}/process")).await;
    let old = app.queues.peek("orders-fulfilment").await[0].clone();
    app.queues.purge("orders-fulfilment").await;
    app.queues.put("orders-fulfilment-poison", old.clone()).await;
    app.becomes(&admin, &location, "failed", SOON).await;
    let replayed = admin.post_nothing(&path(&letters(&app).await[0])).await;
    assert_eq!(replayed.status, 202, "{replayed:?}");
    assert_eq!(buyer.get(&location).await.json()["status"], "queued");
    let history = buyer.get(&format!("{location}/history?limit=1")).await.json();
    let change = &history["items"][0];
    assert_eq!(
        (&change["action"], &change["from"], &change["to"], &change["actor"]["kind"]),
        (&json!("replay"), &json!("failed"), &json!("queued"), &json!("user"))
    );
    app.queues.put("orders-fulfilment-poison", old.clone()).await;
    app.queues.until_empty("orders-fulfilment-poison").await;
    assert_eq!(buyer.get(&location).await.json()["status"], "queued", "the old message came once more");
    relay(&app).await;
    let again = app.queues.peek("orders-fulfilment").await[0].clone();
    assert_eq!(payload(&again)["orderId"], payload(&old)["orderId"]);
    assert_ne!(payload(&again)["messageId"], payload(&old)["messageId"]);
    let worker = app.host.worker_address().await.expect("the worker runs");
    let delivery = json!({"Data": {"message": again}, "Metadata": {}});
    let settled = Client::new(&format!("http://{worker}")).post("/FulfilOrder", &delivery).await;
    assert_eq!(settled.status, 200, "{settled:?}");
    assert_eq!(buyer.get(&location).await.json()["status"], "fulfilled");
}

async fn a_dead_letter_is_replayed_once(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    deliver(&app, "orders-fulfilment", "no message").await;
    let letter = &letters(&app).await[0];
    assert_eq!(letter["replayedAt"], json!(null));
    let replayed = admin.post_nothing(&path(letter)).await;
    assert_eq!(replayed.status, 202, "{replayed:?}");
    let mut shown = replayed.json();
    assert!(shown["replayedAt"].is_string(), "{shown}");
    shown["replayedAt"] = json!(null);
    assert_eq!(&shown, letter);
    let again = admin.post_nothing(&path(letter)).await;
    assert_eq!((again.status, again.problem().as_str()), (409, "conflict"));
    for id in ["01890a5d-ac96-774b-bcce-b302099a8057", "no-uuid"] {
        let missing = admin.post_nothing(&format!("/api/dead-letters/{id}/replay")).await;
        assert_eq!((missing.status, missing.problem().as_str()), (404, "not-found"), "{id}");
    }
}

async fn an_unfixed_replay_becomes_a_dead_letter_again(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    for (queue, broken) in
        [("orders-fulfilment", &b"{"[..]), ("orders-incoming", b""), ("orders-incoming", b"[]")]
    {
        deliver(&app, queue, broken).await;
        let first = letters(&app).await[0].clone();
        assert_eq!(admin.post_nothing(&path(&first)).await.status, 202);
        let before = letters(&app).await.len();
        for _ in 0..2 {
            relay(&app).await;
        }
        let after = letters(&app).await;
        assert_eq!(after.len(), before + 1, "{queue}");
        assert_eq!(
            (&after[0]["queue"], &after[0]["reason"], &after[0]["replayedAt"]),
            (&json!(queue), &first["reason"], &json!(null))
        );
        assert!(app.queues.is_empty(queue).await);
    }
}

async fn a_replayed_order_message_creates_one_order(mode: Mode) {
    let app = Setup::in_mode(mode).set("ORDERS_OUTBOX_DEADLINE", "1s").start().await;
    let (admin, buyer) = (app.user("admin"), app.user("buyer"));
    let incoming = json!({
        "version": 1,
        "messageId": "01890a5d-ac96-774b-bcce-b302099a8057",
        "owner": {"tenantId": TENANT, "objectId": "11111111-0000-4000-8000-000000000001"},
        "reference": "EDI-1",
        "currency": "EUR",
        "lines": [{"sku": "BEANS", "quantity": 2}],
    });
    deliver(&app, "orders-incoming", incoming.to_string()).await;
    assert_eq!(letters(&app).await[0]["reason"], "invalid", "there are no beans yet");
    admin.stock("BEANS", 1290).await;
    assert_eq!(admin.post_nothing(&path(&letters(&app).await[0])).await.status, 202);
    app.eventually("the order is placed", SOON, async || {
        relay(&app).await;
        !buyer.get("/api/orders").await.json()["items"].as_array().expect("items").is_empty()
    })
    .await;
    app.queues.until_empty("orders-incoming").await;
    assert_eq!(buyer.get("/api/orders").await.json()["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(letters(&app).await.len(), 1);
}
