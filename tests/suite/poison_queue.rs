//! Messages that the host moves to the poison queue.

use serde_json::json;

use crate::support::{SOON, Setup, in_every_mode_and_at_a_queue_server, payload};

in_every_mode_and_at_a_queue_server!(a_poison_message_fails_its_order_once);

async fn a_poison_message_fails_its_order_once(setup: Setup) {
    let app = setup.set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    let admin = app.user("admin");
    admin.stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    assert_eq!(app.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    let message = app.queues.peek("orders-fulfilment").await[0].clone();
    for _ in 0..2 {
        app.queues.put("orders-fulfilment-poison", message.clone()).await;
    }
    app.becomes(&admin, &location, "failed", SOON).await;
    app.queues.until_empty("orders-fulfilment-poison").await;
    let letters = admin.get("/api/dead-letters").await.json();
    assert_eq!(letters["items"].as_array().map(Vec::len), Some(1), "{letters}");
    let letter = &letters["items"][0];
    assert_eq!(letter["orderId"], location.rsplit('/').next().expect("an id"));
    assert_eq!((&letter["queue"], &letter["reason"]), (&json!("orders-fulfilment"), &json!("poison")));
    assert_eq!(letter["messageId"], payload(&message)["messageId"]);
    assert_eq!(letter.get("payload"), None);
}
