//! The worker's process: started with the host's environment, pinged until it answers, watched, killed.

use std::net::SocketAddr;

/// The one worker of a host instance; clones share it. It survives restarts of the process.
#[derive(Clone, Debug)]
pub struct Worker {}

/// Why no call can be made.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the worker is not running: {0}")]
pub struct WorkerGone(pub String);

impl Worker {
    /// The address to call, as soon as the worker has answered a ping (protocol sheet §1.4); waits while it
    /// starts or restarts, at most four times the initialization timeout.
    ///
    /// # Errors
    /// When the process has ended for good (exit code 0) or the host instance is over.
    pub async fn address(&self) -> Result<SocketAddr, WorkerGone> {
        unimplemented!()
    }

    /// Kills and restarts the process because an invocation passed `functionTimeout` (protocol sheet §1.6).
    pub fn timed_out(&self) {
        unimplemented!()
    }
}
