//! The worker dies at any instant: nothing acknowledged is lost.

use futures_util::future::join_all;

use crate::support::{SOON, Setup, an_order, in_every_mode_and_at_a_queue_server, kill};

in_every_mode_and_at_a_queue_server!(
    an_order_is_fulfilled_after_a_worker_crash,
    a_killed_worker_causes_500_and_is_restarted,
);

fn hasty(setup: Setup) -> Setup {
    setup
        .set("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:01")
        .set("ORDERS_OUTBOX_DEADLINE", "1s")
}

async fn an_order_is_fulfilled_after_a_worker_crash(setup: Setup) {
    let app = hasty(setup).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let (buyer, clerk) = (app.user("buyer"), app.user("clerk"));
    for round in 0..5 {
        let location = buyer.place("BEANS").await;
        assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202, "round {round}");
        kill(&app);
        app.eventually("a new worker answers", SOON, async || buyer.get(&location).await.status == 200).await;
        app.becomes(&buyer, &location, "fulfilled", SOON).await;
    }
    let listed = buyer.get("/api/orders").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(5), "nothing is lost");
}

async fn a_killed_worker_causes_500_and_is_restarted(setup: Setup) {
    let app = hasty(setup).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let mut acknowledged = Vec::new();
    for _ in 0..4 {
        let body = an_order("BEANS");
        let placing = join_all((0..8).map(|_| buyer.post("/api/orders", &body)));
        let (replies, ()) = tokio::join!(placing, async { kill(&app) });
        for reply in replies {
            match reply.status {
                201 => acknowledged.push(reply.header("location").expect("a location").to_owned()),
                500 | 502 | 503 => {}
                other => panic!("{other}: {reply:?}"),
            }
        }
        app.eventually("the worker serves again", SOON, async || {
            buyer.get("/api/orders").await.status == 200
        })
        .await;
        acknowledged.push(buyer.place("BEANS").await);
    }
    for location in acknowledged {
        assert_eq!(buyer.get(&location).await.status, 200, "{location} was acknowledged");
    }
}
