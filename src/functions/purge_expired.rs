//! `PurgeExpired`: every night.

use super::App;
use crate::{
    host::{Output, Retry, Tick},
    telemetry::Event,
};

/// The most rows of one kind that one transaction forgets: others wait for it where there is one writer.
const AT_ONCE: u32 = 1000;

/// Forgets what is kept for a time only (contract §4). Cut short, it goes on the next night. What the clock jumped
/// ahead makes nothing older for a day: a night later it is forgotten if the clock is right.
///
/// # Errors
/// [`Retry`], when the store is away.
pub async fn purge_expired(app: &App, _tick: Tick) -> Result<Vec<Output>, Retry> {
    let (now, mut all) = (app.retention_time(app.clock.now()), 0);
    loop {
        match app.store.purge_expired(now, AT_ONCE).await? {
            0 => break,
            some => all += some,
        }
    }
    Event::ExpiredForgotten { rows: all }.log();
    Ok(Vec::new())
}
