//! Waiting, once faults have stopped, until nothing is left to do.

use std::time::{Duration, Instant};

use test_servers::proxy::AcceptMode;

use super::{cluster::TestCluster, record::Reader};

/// The longest wait. The outbox doubles its wait with every sending, and a message is lost a few times at most.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The pause between two checks.
const PAUSE: Duration = Duration::from_millis(200);

/// This many checks in a row must find no open work: the last message may still be processed.
const IDLE_CHECKS: u32 = 5;

/// Lets the relay run until no message is open and no queue holds anything. What is left, if something stays.
///
/// The clocks pass the longest wait of a message. One that was last sent under a clock days ahead does not wait for those
/// days: the first relay under an earlier clock sends it.
pub(super) async fn wait_until_idle(
    cluster: &TestCluster,
    reader: &mut Reader,
) -> anyhow::Result<Option<String>> {
    cluster.queues.clear_faults();
    cluster.queues.set_unavailable(false);
    if let Some(proxy) = cluster.database.proxy() {
        proxy.set_accept_mode(AcceptMode::Open).await;
        proxy.delay_login(Duration::ZERO);
    }
    let start = Instant::now();
    let mut quiet = 0;
    for look in 0_u32.. {
        let node = &cluster.nodes[usize::from(look % 2 == 1)];
        node.clock.pass_waits(look.into())?;
        let open = reader.open_messages().await?;
        quiet = if open == 0 && cluster.queues_are_empty() { quiet + 1 } else { 0 };
        if quiet >= IDLE_CHECKS {
            return Ok(None);
        }
        if start.elapsed() > TIMEOUT {
            return Ok(Some(format!(
                "{open} messages are open {} s after the last fault",
                TIMEOUT.as_secs()
            )));
        }
        if let Err(error) = node.host.fire_timer("RelayOutbox").await {
            println!("the relay behind {} failed: {error}", node.mode);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(None)
}
