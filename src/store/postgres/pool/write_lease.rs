//! Connections for writes, and the probe with a new one while the server is read-only.

use std::sync::Arc;

use sqlx::Error;
use tokio::time::timeout;

use super::{
    Pool,
    failure::{read_only, shared_error},
    lease::Lease,
};
use crate::store::timeouts::POOL_TIMEOUT;

impl Pool {
    /// A connection that accepts writes, as far as is known.
    ///
    /// # Errors
    /// As [`lease`](Self::lease), and at once while the server is read-only.
    pub(super) async fn lease_to_write(&self) -> Result<Lease, Error> {
        let gate = &self.0.write_gate;
        if !gate.is_read_only() {
            let lease = self.lease().await?;
            if !gate.is_read_only() {
                return Ok(lease);
            }
            lease.release();
        }
        if gate.is_paused() {
            return Err(read_only());
        }
        let Ok(probe) = timeout(POOL_TIMEOUT, gate.probe.lock()).await else { return Err(read_only()) };
        if gate.is_read_only() {
            return if gate.is_paused() { Err(read_only()) } else { self.probe_for_writes().await };
        }
        drop(probe);
        self.lease().await
    }

    /// A new connection, if it accepts writes. Reads keep the old connection until the new one is open.
    async fn probe_for_writes(&self) -> Result<Lease, Error> {
        let gate = &self.0.write_gate;
        let mut lease = self.lease().await?;
        let renewed = lease.reconnect().await;
        gate.pause();
        if let Err(error) = renewed {
            lease.release();
            return Err(shared_error(&Arc::new(error)));
        }
        if lease.is_read_only().await? {
            lease.release();
            return Err(read_only());
        }
        let epoch = gate.mark_writable();
        lease.set_epoch(epoch);
        self.0.retain_idle(|idle| idle.epoch >= epoch);
        Ok(lease)
    }
}
