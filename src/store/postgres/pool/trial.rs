//! Connections for writes, and the trial of a new one while the server takes none.

use std::sync::Arc;

use sqlx::Error;
use tokio::time::timeout;

use super::{
    Pool,
    failure::{read_only, shared},
    lease::Lease,
};
use crate::store::timeouts::POOL_WAIT;

impl Pool {
    /// A connection that takes writes, as far as it is known.
    ///
    /// # Errors
    /// As [`lease`](Self::lease), and at once while the server is read-only.
    pub(super) async fn lease_to_write(&self) -> Result<Lease, Error> {
        let writes = &self.0.writes;
        if !writes.are_refused() {
            let lease = self.lease().await?;
            if !writes.are_refused() {
                return Ok(lease);
            }
            lease.give_back();
        }
        if writes.is_paused() {
            return Err(read_only());
        }
        let Ok(turn) = timeout(POOL_WAIT, writes.trial.lock()).await else { return Err(read_only()) };
        if writes.are_refused() {
            return if writes.is_paused() { Err(read_only()) } else { self.try_to_write().await };
        }
        drop(turn);
        self.lease().await
    }

    /// A new connection, if it takes writes. Those who only read keep the one whose place it takes until it is there.
    async fn try_to_write(&self) -> Result<Lease, Error> {
        let writes = &self.0.writes;
        let mut lease = self.lease().await?;
        let renewed = lease.renew().await;
        writes.pause();
        if let Err(error) = renewed {
            lease.give_back();
            return Err(shared(&Arc::new(error)));
        }
        if lease.is_read_only().await? {
            lease.give_back();
            return Err(read_only());
        }
        let epoch = writes.allow();
        lease.enter(epoch);
        self.0.keep_idle(|idle| idle.epoch >= epoch);
        Ok(lease)
    }
}
