//! Writes whose answer is lost: they are committed, and their callers hear 503.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_commit_response_creates_one_order_per_key() {
    together(scenarios![with_a_key, without_a_key]).await;
}

/// Sends an order whose answer is lost after its commit.
async fn lose(world: &World, reference: &str, key: Option<&str>) {
    world.proxy.silence_after_commit(true);
    let start = Instant::now();
    let reply = world.send(reference, key).await;
    let took = start.elapsed();
    world.proxy.silence_after_commit(false);
    assert_eq!((reply.status, reply.problem().as_str()), (503, "unavailable"), "{reply:?}");
    assert!(took < ANSWERED, "the caller waited for {took:?}");
    assert_eq!(world.orders(reference).await, 1, "it is committed all the same");
}

async fn with_a_key() {
    let (world, key) = (World::start().await, fresh());
    lose(&world, &key, Some(&key)).await;
    world.heals().await;
    let replies = [world.send(&key, Some(&key)).await, world.send(&key, Some(&key)).await];
    assert!(replies.iter().all(|reply| reply.status == 201), "{replies:?}");
    assert_eq!(replies[0].json()["id"], replies[1].json()["id"], "the order that was lost");
    assert_eq!(world.orders(&key).await, 1, "the repetition made no other");
    world.end();
}

/// Only who looks at the orders knows; the repetition is another order.
async fn without_a_key() {
    let (world, reference) = (World::start().await, fresh());
    lose(&world, &reference, None).await;
    world.heals().await;
    let listed = world.buyer.get("/api/orders?limit=100").await.json();
    let found =
        listed["items"].as_array().expect("a list").iter().filter(|order| order["reference"] == *reference);
    assert_eq!(found.count(), 1, "its caller can see it");
    assert_eq!(world.send(&reference, None).await.status, 201);
    assert_eq!(world.orders(&reference).await, 2);
    world.end();
}
