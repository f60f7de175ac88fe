//! A vault that accepts connections and sends nothing, or stops in the middle.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use orders_worker::vault::VaultError;
use test_servers::{VaultBehavior, proxy::AcceptMode};
use tokio::time::sleep;

use crate::{platform::on_the_platform, world::World};

on_the_platform!(dead_idle_connections_fail_no_later_read, an_unresponsive_vault_times_out_and_recovers,);

const UNAVAILABLE: VaultError = VaultError::Unavailable { retry_after: None };

async fn dead_idle_connections_fail_no_later_read() {
    let (world, proxy) = World::start_behind_proxy().await;
    join_all((0..16).map(|_| world.read("cup"))).await;
    assert!(proxy.counts().open > 1, "{:?}", proxy.counts());
    proxy.silence();
    // Connections that have not been used for so long are not used again.
    sleep(Duration::from_secs(2)).await;
    let start = Instant::now();
    for read in join_all((0..16).map(|_| world.read("cup"))).await {
        assert!(read.is_ok(), "{read:?} after {:?}", start.elapsed());
    }
}

async fn an_unresponsive_vault_times_out_and_recovers() {
    let (world, proxy) = World::start_behind_proxy().await;
    world.set_behavior(VaultBehavior::Oversized);
    // In the last turn it falls silent in the middle of an answer.
    for (entry, answered) in
        [(AcceptMode::Silent, None), (AcceptMode::Open, Some(100)), (AcceptMode::Open, Some(100_000))]
    {
        proxy.set_accept_mode(entry).await;
        proxy.silence_after(answered);
        let start = Instant::now();
        assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(7), "{entry:?} {answered:?}: {took:?}");
    }
    proxy.silence_after(None);
    world.set_behavior(VaultBehavior::Normal);
    assert!(world.read("cup").await.is_ok());
}
