//! What the network does to the connections to PostgreSQL, and whether the workers get over it.

use std::time::Duration;

use futures_util::future::join_all;
use test_servers::proxy::Entry;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    journal::Journal,
    world::{Site, World},
};

/// Calls succeed within so long of new connections being accepted.
const HEALED: Duration = Duration::from_secs(10);

/// Calls at a time that show it: more than a worker has connections, so that none of them is left out.
const AT_A_TIME: usize = 16;

/// Silences every connection, and new ones for a while.
pub(super) async fn silence(world: &World, journal: &Journal, time: Duration, what: String) {
    let Some(proxy) = world.database.proxy() else { return };
    let calm = world.no_kills.lock().await;
    // Now each worker has all its connections: none is left to make that would not be silent.
    join_all(world.sites.iter().map(serves)).await;
    journal.blow(what);
    proxy.set_entry(Entry::Silent).await;
    proxy.silence();
    drop(calm);
    sleep(time).await;
    proxy.set_entry(Entry::Open).await;
    journal.blow("PostgreSQL answers again".to_owned());
    heal(world, journal).await;
}

/// Resets every connection, and has the logins that follow take their time.
pub(super) async fn slow_login(world: &World, journal: &Journal, late: Duration, what: String) {
    let Some(proxy) = world.database.proxy() else { return };
    journal.blow(what);
    proxy.delay_login(late);
    proxy.reset();
    heal(world, journal).await;
    proxy.delay_login(Duration::ZERO);
    journal.blow("logins to PostgreSQL are fast again".to_owned());
}

/// Waits until calls through both entrances succeed. A worker whose calls do not is written down and killed, as its
/// operator would do, so that the run goes on.
async fn heal(world: &World, journal: &Journal) {
    let _calm = world.no_kills.lock().await;
    join_all(world.sites.iter().map(|site| async move {
        if !heals(site).await {
            journal.unhealed(site.entrance);
            site.kill();
        }
    }))
    .await;
}

/// Whether calls succeed in time. A worker that dies on the way is no fault of the network: its successor has as long.
async fn heals(site: &Site) -> bool {
    let (mut worker, mut deadline) = (site.host.worker_pid(), Instant::now() + HEALED);
    loop {
        if timeout_at(deadline, serves(site)).await == Ok(true) {
            return true;
        }
        let now = site.host.worker_pid();
        if now != worker {
            (worker, deadline) = (now, Instant::now() + HEALED);
        }
        if Instant::now() >= deadline {
            return false;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Whether that many calls at a time all succeed.
async fn serves(site: &Site) -> bool {
    join_all((0..AT_A_TIME).map(|_| site.callers.may_list())).await.into_iter().all(|listed| listed)
}
