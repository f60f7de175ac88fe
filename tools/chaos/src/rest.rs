//! Waiting, once faults have stopped, until nothing is left to do.

use std::time::{Duration, Instant};

use test_servers::proxy::Entry;

use super::{record::Reader, world::World};

/// The longest wait. The outbox doubles its wait with every sending, and a message is lost a few times at most.
const PATIENCE: Duration = Duration::from_secs(90);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// So many looks in a row must find nothing left: the last message may still be at work.
const LOOKS: u32 = 5;

/// Lets the relay run until no message is open and no queue holds anything. What is left, if something stays.
///
/// The clocks pass the longest wait of a message. One that was last sent under a clock days ahead does not wait for those
/// days: the first relay under an earlier clock sends it.
pub(super) async fn come_to_rest(world: &World, reader: &mut Reader) -> anyhow::Result<Option<String>> {
    world.queues.clear_faults();
    world.queues.set_unavailable(false);
    if let Some(proxy) = world.database.proxy() {
        proxy.set_entry(Entry::Open).await;
        proxy.delay_login(Duration::ZERO);
    }
    let start = Instant::now();
    let mut quiet = 0;
    for look in 0_u32.. {
        let site = &world.sites[usize::from(look % 2 == 1)];
        site.clock.pass_waits(look.into())?;
        let open = reader.open_messages().await?;
        quiet = if open == 0 && world.queues_are_empty() { quiet + 1 } else { 0 };
        if quiet >= LOOKS {
            return Ok(None);
        }
        if start.elapsed() > PATIENCE {
            return Ok(Some(format!(
                "{open} messages are open {} s after the last fault",
                PATIENCE.as_secs()
            )));
        }
        if let Err(error) = site.host.fire_timer("RelayOutbox").await {
            println!("the relay behind {} failed: {error}", site.entrance);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(None)
}
