//! A sign to stop that many tasks wait for.

use tokio::sync::watch;

/// Gives the sign, once.
#[derive(Debug)]
pub(crate) struct Stop(watch::Sender<bool>);

/// Waits for the sign.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn listen(&self) -> Stopping {
        Stopping(self.0.subscribe())
    }
}

impl Stopping {
    /// Returns once the sign was given, or can no longer be given.
    pub(crate) async fn wait(&mut self) {
        drop(self.0.wait_for(|stop| *stop).await);
    }
}
