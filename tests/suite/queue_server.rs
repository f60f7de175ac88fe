//! The queue server stops and comes back: nothing acknowledged is lost.

use test_servers::azurite::Azurite;

use crate::support::{Mode, Place, SOON, Setup};

#[tokio::test]
async fn unsent_messages_are_delivered_after_a_queue_outage() {
    let mut server = tokio::task::spawn_blocking(Azurite::start).await.expect("no panic").expect("a server");
    let setup = Setup::in_mode(Mode::Proxy).queues(Place::At(server.account()));
    let app = setup.set("ORDERS_OUTBOX_DEADLINE", "1s").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let (buyer, clerk) = (app.user("buyer"), app.user("clerk"));
    let location = buyer.place("BEANS").await;
    server.stop();
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 500);
    assert_eq!(buyer.get(&location).await.json()["status"], "queued", "the change itself is committed");
    app.host.fire_timer("RelayOutbox").await.ok();
    server.start_again().expect("the server starts again");
    app.eventually("the message is sent again", SOON, async || {
        app.host.fire_timer("RelayOutbox").await.ok();
        buyer.get(&location).await.json()["status"] == "fulfilled"
    })
    .await;
    app.queues.until_empty("orders-fulfilment").await;
}
