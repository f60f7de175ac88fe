//! Starts the host, and a new instance of it after three strikes, as the platform does.

use std::{net::SocketAddr, path::PathBuf};

use crate::{event::Events, front::FrontMode, keys::Keys, people::People, queues::Queues};

/// How to run an app.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with host.json and the function folders.
    pub app_root: PathBuf,
    /// Where to listen; port 0 for any free one. Loopback only.
    pub listen: SocketAddr,
    /// App settings: the worker's environment beside the inherited one, `AzureFunctionsJobHost__…` overrides of
    /// host.json among them. A value here wins over an inherited one.
    pub settings: Vec<(String, String)>,
    /// Whether the front checks tokens and sets principal headers.
    pub front: FrontMode,
    /// Tenant, people, roles; none for an app without sign-in.
    pub people: Option<People>,
    /// Where the issuer's key and other state is kept between runs.
    pub state: PathBuf,
    /// Keys that HTTP functions demand; none (the default, as in Core Tools) lets every call through.
    pub keys: Option<Keys>,
    /// The queues; hand in a clone to look at them from outside.
    pub queues: Queues,
    /// Where events go.
    pub events: Events,
}

/// Why the host did not start: one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// A running host. Dropping it kills the worker.
#[derive(Debug)]
pub struct LocalHost {}

impl LocalHost {
    /// Reads the app folder, listens, starts the worker. Returns once it listens; see [`Self::ready`].
    ///
    /// # Errors
    /// A bad host.json or function.json, a taken port, a missing executable: one sentence each.
    pub async fn start(_options: Options) -> Result<Self, StartError> {
        unimplemented!()
    }

    /// The URL that callers use, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        unimplemented!()
    }

    /// Waits for the worker's first answer.
    ///
    /// # Errors
    /// When the worker ended before it answered; the text carries its last words on stderr.
    pub async fn ready(&self) -> Result<(), StartError> {
        unimplemented!()
    }

    /// The worker's process id while it runs.
    #[must_use]
    pub fn worker_pid(&self) -> Option<u32> {
        unimplemented!()
    }

    /// Reads the app folder anew and restarts the worker: after a rebuild. No strike.
    ///
    /// # Errors
    /// As [`Self::start`]; the old worker then keeps serving.
    pub async fn reload(&self) -> Result<(), StartError> {
        unimplemented!()
    }

    /// Fires a timer function now.
    ///
    /// # Errors
    /// No such timer function, or the invocation failed.
    pub async fn fire_timer(&self, _function: &str) -> Result<(), String> {
        unimplemented!()
    }

    /// Stops listening and kills the worker.
    pub async fn stop(self) {
        unimplemented!()
    }
}
