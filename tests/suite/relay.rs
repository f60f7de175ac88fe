//! The outbox: what nobody acknowledged is sent again, and nothing else is.

use std::time::Duration;

use crate::support::{Setup, in_every_mode_and_at_a_queue_server, payload};

in_every_mode_and_at_a_queue_server!(
    a_lost_message_is_sent_again_with_the_same_id,
    several_lost_messages_all_arrive,
    an_acknowledged_message_is_not_sent_again,
);

async fn a_lost_message_is_sent_again_with_the_same_id(setup: Setup) {
    let app = setup
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
        .set("ORDERS_OUTBOX_DEADLINE", "1s")
        .start()
        .await;
    app.person("admin").stock("BEANS", 1290).await;
    let location = app.person("buyer").place("BEANS").await;
    app.person("clerk").post_nothing(&format!("{location}/process")).await;
    let sent = payload(&app.queues.peek("orders-fulfilment").await[0]);
    app.queues.purge("orders-fulfilment").await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    app.eventually("the message is sent again", Duration::from_secs(5), async || {
        app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
        !app.queues.is_empty("orders-fulfilment").await
    })
    .await;
    assert_eq!(payload(&app.queues.peek("orders-fulfilment").await[0]), sent);
}

async fn several_lost_messages_all_arrive(setup: Setup) {
    let app = setup
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
        .set("ORDERS_OUTBOX_DEADLINE", "1s")
        .start()
        .await;
    app.person("admin").stock("BEANS", 1290).await;
    for _ in 0..3 {
        let location = app.person("buyer").place("BEANS").await;
        app.person("clerk").post_nothing(&format!("{location}/process")).await;
    }
    let ids = async || {
        let mut ids: Vec<String> = app
            .queues
            .peek("orders-fulfilment")
            .await
            .iter()
            .map(|message| payload(message)["messageId"].to_string())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let sent = ids().await;
    app.queues.purge("orders-fulfilment").await;
    app.eventually("all are sent again", Duration::from_secs(5), async || {
        app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
        ids().await.len() == 3
    })
    .await;
    assert_eq!(ids().await, sent);
}

async fn an_acknowledged_message_is_not_sent_again(setup: Setup) {
    let app = setup.set("ORDERS_OUTBOX_DEADLINE", "1s").start().await;
    app.person("admin").stock("BEANS", 1290).await;
    let (buyer, clerk) = (app.person("buyer"), app.person("clerk"));
    let done = buyer.place("BEANS").await;
    clerk.post_nothing(&format!("{done}/process")).await;
    app.becomes(&buyer, &done, "fulfilled", Duration::from_secs(5)).await;
    app.queues.until_empty("orders-fulfilment").await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    assert!(app.queues.is_empty("orders-fulfilment").await);
}
