//! A vault that accepts connections and says nothing, or no more.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use orders_worker::vault::VaultError;
use test_servers::{Mood, proxy::Entry};
use tokio::time::sleep;

use crate::{platform::on_the_platform, world::World};

on_the_platform!(
    idle_connections_that_fall_silent_cost_no_later_reading,
    a_vault_that_says_nothing_is_given_up_in_time_and_read_again_when_it_is_back,
);

const UNAVAILABLE: VaultError = VaultError::Unavailable { retry_after: None };

async fn idle_connections_that_fall_silent_cost_no_later_reading() {
    let (world, proxy) = World::start_behind_proxy().await;
    join_all((0..16).map(|_| world.read("cup"))).await;
    assert!(proxy.counts().open >= 8, "{:?}", proxy.counts());
    proxy.silence();
    // Connections that have not been used for so long are not used again.
    sleep(Duration::from_secs(2)).await;
    let start = Instant::now();
    for read in join_all((0..16).map(|_| world.read("cup"))).await {
        assert!(read.is_ok(), "{read:?} after {:?}", start.elapsed());
    }
}

async fn a_vault_that_says_nothing_is_given_up_in_time_and_read_again_when_it_is_back() {
    let (world, proxy) = World::start_behind_proxy().await;
    world.is(Mood::Endless);
    // In the last turn it falls silent in the middle of an answer.
    for (entry, answered) in [(Entry::Silent, None), (Entry::Open, Some(100)), (Entry::Open, Some(100_000))] {
        proxy.set_entry(entry).await;
        proxy.silence_after(answered);
        let start = Instant::now();
        assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(7), "{entry:?} {answered:?}: {took:?}");
    }
    proxy.silence_after(None);
    world.is(Mood::Well);
    assert!(world.read("cup").await.is_ok());
}
