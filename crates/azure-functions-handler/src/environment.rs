//! What the Functions host says when it starts a handler, and when it ends one.

use std::{env, io, process::ExitCode};

use tokio::signal::unix::{SignalKind, signal};

use crate::{DeploymentError, FunctionApp, Functions, listen};

const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

/// Why an app does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The functions cannot be deployed.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// No host started this process.
    #[error(
        "{PORT} must be a port, but it is {0}: let a Functions host start this program, as `functions-emulator .` does"
    )]
    Port(String),
    /// The port is taken or not allowed.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// Signals, or the listener's address.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
}

impl<S, T> Functions<S, T>
where
    S: Clone + Send + Sync + 'static,
{
    /// Serves the deployed functions as [`FunctionApp::serve_from_env`] does, or with the argument `function-json` writes
    /// their function.json into the current folder; says on stderr what is wrong. For an app that sets nothing else and has
    /// no arguments of its own.
    pub async fn run(self, state: S) -> ExitCode {
        let done = if env::args().nth(1).as_deref() == Some("function-json") {
            self.write_function_json(".").map_err(|error| error.to_string())
        } else {
            self.serve_deployed(state).await.map_err(|error| error.to_string())
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn serve_deployed(self, state: S) -> Result<(), ServeError> {
        self.deployed()?.with_state(state).serve_from_env().await
    }
}

impl FunctionApp {
    /// Serves on the port that the Functions host names, until SIGTERM, SIGINT or SIGHUP; see [`serve`](Self::serve).
    ///
    /// # Errors
    /// When there is no port, or it cannot be listened on.
    pub async fn serve_from_env(self) -> Result<(), ServeError> {
        let text = env::var(PORT).map_err(|_| ServeError::Port("not set".to_owned()))?;
        let port = text.parse().map_err(|_| ServeError::Port(format!("`{text}`")))?;
        let listener = listen(port).map_err(|source| ServeError::Listen { port, source })?;
        let stop = stop_signal()?;
        Ok(self.serve(listener, stop).await?)
    }
}

/// Resolves at the first SIGTERM, SIGINT or SIGHUP.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
