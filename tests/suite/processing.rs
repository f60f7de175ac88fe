//! From placed to fulfilled.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{SOON, Setup, in_every_mode_and_at_a_queue_server, payload};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

in_every_mode_and_at_a_queue_server!(
    an_order_is_placed_processed_and_fulfilled,
    a_queued_order_is_not_queued_again,
    the_message_carries_the_order_and_the_trace,
    concurrent_processing_sends_one_message,
    an_order_past_queued_cannot_be_processed,
    a_buyer_cannot_process_even_their_own_order,
);

async fn an_order_is_placed_processed_and_fulfilled(setup: Setup) {
    let app = setup.start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    let processed = app.user("clerk").post_nothing(&format!("{location}/process")).await;
    assert_eq!((processed.status, processed.header("etag")), (202, Some("\"2\"")), "{processed:?}");
    assert_eq!(processed.json()["status"], "queued");
    app.becomes(&buyer, &location, "fulfilled", SOON).await;
    assert_eq!(buyer.get(&location).await.header("etag"), Some("\"3\""));
}

async fn a_queued_order_is_not_queued_again(setup: Setup) {
    let app = setup.set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    let warehouse = app.user("warehouse");
    for _ in 0..3 {
        let reply = warehouse.post_nothing(&format!("{location}/process")).await;
        assert_eq!((reply.status, reply.header("etag")), (202, Some("\"2\"")));
    }
    assert_eq!(app.queues.peek("orders-fulfilment").await.len(), 1);
}

async fn the_message_carries_the_order_and_the_trace(setup: Setup) {
    let app = setup.set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    let clerk = app.user("clerk").with("traceparent", TRACE);
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    let mut message = payload(&app.queues.peek("orders-fulfilment").await[0]);
    let (id, trace) = (message["messageId"].take(), message["traceparent"].take());
    assert_eq!(id.as_str().map(str::len), Some(36));
    assert_eq!(trace.as_str().and_then(|trace| trace.split('-').nth(1)), TRACE.split('-').nth(1));
    let order = location.rsplit('/').next();
    assert_eq!(message, json!({"version": 1, "messageId": null, "orderId": order, "traceparent": null}));
}

async fn concurrent_processing_sends_one_message(setup: Setup) {
    let app = setup.set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let (clerk, warehouse) = (app.user("clerk"), app.user("warehouse"));
    for sent in 1..=4 {
        let path = format!("{}/process", app.user("buyer").place("BEANS").await);
        let at_once = [&clerk, &warehouse].repeat(4);
        for reply in join_all(at_once.iter().map(|client| client.post_nothing(&path))).await {
            assert_eq!((reply.status, reply.header("etag")), (202, Some("\"2\"")), "{reply:?}");
        }
        assert_eq!(app.queues.peek("orders-fulfilment").await.len(), sent);
    }
}

async fn an_order_past_queued_cannot_be_processed(setup: Setup) {
    let app = setup.start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    let clerk = app.user("clerk");
    clerk.post_nothing(&format!("{location}/process")).await;
    app.becomes(&buyer, &location, "fulfilled", SOON).await;
    let reply = clerk.post_nothing(&format!("{location}/process")).await;
    assert_eq!((reply.status, reply.problem().as_str()), (409, "conflict"));
}

async fn a_buyer_cannot_process_even_their_own_order(setup: Setup) {
    let app = setup.start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    let reply = buyer.post_nothing(&format!("{location}/process")).await;
    assert_eq!((reply.status, reply.problem().as_str()), (403, "forbidden"));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"insufficient_scope\""));
    assert_eq!(buyer.get(&location).await.json()["status"], "placed");
}
