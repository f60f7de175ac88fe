//! What the network does to the connections to PostgreSQL, and whether the workers get over it.

use std::time::Duration;

use futures_util::future::join_all;
use test_servers::proxy::AcceptMode;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    cluster::{Node, TestCluster},
    journal::Journal,
};

/// Calls succeed within so long of new connections being accepted.
const HEALED: Duration = Duration::from_secs(10);

/// Calls at a time that show it: more than a worker has connections, so that none of them is left out.
const AT_A_TIME: usize = 16;

/// Silences every connection, and new ones for a while.
pub(super) async fn silence(cluster: &TestCluster, journal: &Journal, time: Duration, what: String) {
    let Some(proxy) = cluster.database.proxy() else { return };
    let calm = cluster.no_kills.lock().await;
    // Now each worker has all its connections: none is left to make that would not be silent.
    join_all(cluster.nodes.iter().map(serves)).await;
    journal.record_fault(what);
    proxy.set_accept_mode(AcceptMode::Silent).await;
    proxy.silence();
    drop(calm);
    sleep(time).await;
    proxy.set_accept_mode(AcceptMode::Open).await;
    journal.record_fault("PostgreSQL answers again".to_owned());
    heal(cluster, journal).await;
}

/// Resets every connection, and has the logins that follow take their time.
pub(super) async fn slow_login(cluster: &TestCluster, journal: &Journal, late: Duration, what: String) {
    let Some(proxy) = cluster.database.proxy() else { return };
    journal.record_fault(what);
    proxy.delay_login(late);
    proxy.reset();
    heal(cluster, journal).await;
    proxy.delay_login(Duration::ZERO);
    journal.record_fault("logins to PostgreSQL are fast again".to_owned());
}

/// Waits until calls in direct mode and in envelope mode succeed. A worker whose calls do not is written down and
/// killed, as its operator would do, so that the run goes on.
async fn heal(cluster: &TestCluster, journal: &Journal) {
    let _calm = cluster.no_kills.lock().await;
    join_all(cluster.nodes.iter().map(|node| async move {
        if !heals(node).await {
            journal.slow_recovery(node.mode);
            node.kill();
        }
    }))
    .await;
}

/// Whether calls succeed in time. A worker that dies on the way is no fault of the network: its successor has as long.
async fn heals(node: &Node) -> bool {
    let (mut worker, mut deadline) = (node.host.worker_pid(), Instant::now() + HEALED);
    loop {
        if timeout_at(deadline, serves(node)).await == Ok(true) {
            return true;
        }
        let now = node.host.worker_pid();
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
async fn serves(node: &Node) -> bool {
    join_all((0..AT_A_TIME).map(|_| node.api.may_list())).await.into_iter().all(|listed| listed)
}
