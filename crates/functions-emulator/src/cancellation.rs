//! Cancels many tasks at once.

use tokio::sync::watch;

/// Cancels its tokens, once.
#[derive(Debug)]
pub(crate) struct CancellationSource(watch::Sender<bool>);

/// Waits for the cancellation.
#[derive(Clone, Debug)]
pub(crate) struct CancellationToken(watch::Receiver<bool>);

impl CancellationSource {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(crate) fn cancel(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn token(&self) -> CancellationToken {
        CancellationToken(self.0.subscribe())
    }
}

impl CancellationToken {
    /// Returns once the source has cancelled, or is dropped.
    pub(crate) async fn cancelled(&mut self) {
        drop(self.0.wait_for(|cancelled| *cancelled).await);
    }
}
