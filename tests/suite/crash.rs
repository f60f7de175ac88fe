//! The worker dies at any instant: nothing acknowledged is lost.

use std::time::Duration;

use crate::support::{Mode, Setup, in_every_mode, kill};

in_every_mode!(
    an_order_is_fulfilled_although_the_worker_is_killed,
    a_killed_worker_is_a_500_for_its_callers_and_then_serves_again,
);

const VISIBILITY: Duration = Duration::from_secs(1);

fn setup(mode: Mode) -> Setup {
    Setup::in_mode(mode)
        .set("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:01")
        .set("ORDERS_OUTBOX_DEADLINE", "1s")
}

async fn an_order_is_fulfilled_although_the_worker_is_killed(mode: Mode) {
    let app = setup(mode).start().await;
    app.person("admin").stock("BEANS", 1290).await;
    let (buyer, clerk) = (app.person("buyer"), app.person("clerk"));
    for round in 0..5 {
        let location = buyer.place("BEANS").await;
        assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202, "round {round}");
        kill(&app);
        app.eventually("a new worker answers", Duration::from_secs(10), async || {
            buyer.get(&location).await.status == 200
        })
        .await;
        app.becomes(&buyer, &location, "fulfilled", VISIBILITY + Duration::from_secs(5)).await;
    }
    let listed = buyer.get("/api/orders").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(5), "nothing is lost");
}

async fn a_killed_worker_is_a_500_for_its_callers_and_then_serves_again(mode: Mode) {
    let app = setup(mode).start().await;
    app.person("admin").stock("BEANS", 1290).await;
    let buyer = app.person("buyer");
    let mut acknowledged = Vec::new();
    let placing = async {
        // Past the last kill: while the worker is down, calls fail faster than it can return.
        while acknowledged.len() < 60 {
            let reply = buyer.post("/api/orders", &crate::support::an_order("BEANS")).await;
            match reply.status {
                201 => acknowledged.push(reply.header("location").expect("a location").to_owned()),
                500 | 502 | 503 => {}
                other => panic!("{other}: {reply:?}"),
            }
        }
    };
    let killing = async {
        let mut pause = tokio::time::interval(Duration::from_millis(120));
        for _ in 0..4 {
            pause.tick().await;
            kill(&app);
        }
    };
    let both = async { tokio::join!(placing, killing) };
    assert!(tokio::time::timeout(Duration::from_secs(30), both).await.is_ok(), "the worker serves again");
    for location in acknowledged {
        assert_eq!(buyer.get(&location).await.status, 200, "{location} was acknowledged");
    }
}
