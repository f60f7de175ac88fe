//! Which connection is used, and how long one stays open.

use super::*;

/// Lets this time pass at once, while nothing is under way.
async fn pass(time: Duration) {
    tokio::time::pause();
    sleep(time).await;
    tokio::time::resume();
}

async fn open_become(world: &World, open: usize) {
    let become_so = async {
        while world.proxy.counts().open != open {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let became = timeout(QUICK, become_so).await;
    assert!(became.is_ok(), "{:?}, and not {open} open", world.proxy.counts());
}

/// The newest is used first: otherwise few calls would keep every connection from being idle.
#[tokio::test]
async fn unused_connections_end_after_ten_minutes() {
    let world = World::start().await;
    let order = placed(&world.store, 1).await;
    world.fill().await;
    let before = world.proxy.counts().accepted;
    for minute in 1..=11 {
        pass(Duration::from_secs(61)).await;
        world.read(&order).await.unwrap();
        if minute < 9 {
            open_become(&world, POOL).await;
        }
    }
    open_become(&world, 1).await;
    assert_eq!(world.proxy.counts().accepted, before, "the one that was used is kept");
}

#[tokio::test]
async fn a_connection_lives_for_half_an_hour() {
    let world = World::start().await;
    let order = placed(&world.store, 1).await;
    let connections = async |minutes| {
        pass(Duration::from_mins(minutes)).await;
        world.read(&order).await.unwrap();
        world.proxy.counts().accepted
    };
    // After a slow login the pool is filled; that is over then.
    let first = connections(1).await;
    for minute in 2..=27 {
        assert_eq!(connections(1).await, first, "after {minute} minutes");
    }
    assert!(connections(4).await > first, "it is still used");
}
