//! Listens, and leads each request to its entrance.

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;

use super::{Answer, Function, Invocation};

/// Bounds that keep one process healthy (contract §1).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests running at once; one more is answered before its body is read.
    pub running: usize,
    /// Deadline of an HTTP invocation.
    pub http: Duration,
    /// Deadline of a queue or timer invocation.
    pub queue: Duration,
    /// Largest envelope, in bytes.
    pub envelope: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { running: 128, http: Duration::from_secs(10), queue: Duration::from_secs(60), envelope: 1 << 20 }
    }
}

/// Why the protocol layer itself refuses a call, for the app to put into words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// No function of this process matches.
    NotFound,
    /// Too many requests are running.
    Busy,
    /// The envelope passes its limit.
    TooLarge,
    /// The deadline passed.
    Late,
    /// The handler panicked.
    Panicked,
}

/// An app's functions, ready to be served.
pub struct Host<A> {
    /// What handlers share.
    pub app: Arc<A>,
    /// The functions of this process.
    pub functions: Vec<Function<A>>,
    /// The route prefix of host.json, without slashes.
    pub prefix: &'static str,
    /// Puts a refusal into words.
    pub refuse: fn(Refusal, &Invocation) -> Answer,
    /// Bounds.
    pub limits: Limits,
}

impl<A: Send + Sync + 'static> Host<A> {
    /// Serves until `stop` resolves, then lets running calls finish briefly.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, _listener: TcpListener, _stop: impl Future<Output = ()> + Send) -> std::io::Result<()> {
        unimplemented!()
    }
}
