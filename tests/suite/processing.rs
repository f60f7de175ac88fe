//! From placed to fulfilled.

use std::time::Duration;

use crate::support::{Setup, in_every_mode_and_at_a_queue_server};

in_every_mode_and_at_a_queue_server!(
    an_order_travels_the_whole_path,
    a_queued_order_is_not_queued_again,
    an_order_past_queued_cannot_be_processed,
    a_buyer_cannot_process_even_their_own_order,
);

async fn an_order_travels_the_whole_path(setup: Setup) {
    let app = setup.start().await;
    app.person("admin").stock("BEANS", 1290).await;
    let buyer = app.person("buyer");
    let location = buyer.place("BEANS").await;
    let processed = app.person("clerk").post_nothing(&format!("{location}/process")).await;
    assert_eq!((processed.status, processed.header("etag")), (202, Some("\"2\"")), "{processed:?}");
    assert_eq!(processed.json()["status"], "queued");
    app.becomes(&buyer, &location, "fulfilled", Duration::from_secs(2)).await;
    assert_eq!(buyer.get(&location).await.header("etag"), Some("\"3\""));
}

async fn a_queued_order_is_not_queued_again(setup: Setup) {
    let app = setup.set("AzureWebJobs.FulfilOrder.Disabled", "true").start().await;
    app.person("admin").stock("BEANS", 1290).await;
    let location = app.person("buyer").place("BEANS").await;
    let warehouse = app.person("warehouse");
    for _ in 0..3 {
        let reply = warehouse.post_nothing(&format!("{location}/process")).await;
        assert_eq!((reply.status, reply.header("etag")), (202, Some("\"2\"")));
    }
    assert_eq!(app.queues.peek("orders-fulfilment").await.len(), 1);
}

async fn an_order_past_queued_cannot_be_processed(setup: Setup) {
    let app = setup.start().await;
    app.person("admin").stock("BEANS", 1290).await;
    let buyer = app.person("buyer");
    let location = buyer.place("BEANS").await;
    let clerk = app.person("clerk");
    clerk.post_nothing(&format!("{location}/process")).await;
    app.becomes(&buyer, &location, "fulfilled", Duration::from_secs(5)).await;
    let reply = clerk.post_nothing(&format!("{location}/process")).await;
    assert_eq!((reply.status, reply.problem().as_str()), (409, "conflict"));
}

async fn a_buyer_cannot_process_even_their_own_order(setup: Setup) {
    let app = setup.start().await;
    app.person("admin").stock("BEANS", 1290).await;
    let buyer = app.person("buyer");
    let location = buyer.place("BEANS").await;
    let reply = buyer.post_nothing(&format!("{location}/process")).await;
    assert_eq!((reply.status, reply.problem().as_str()), (403, "forbidden"));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"insufficient_scope\""));
    assert_eq!(buyer.get(&location).await.json()["status"], "placed");
}
