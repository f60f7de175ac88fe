//! The environment variables and signals with which the Functions host starts and ends a handler.

use std::{env, io, process::ExitCode};

use tokio::signal::unix::{SignalKind, signal};

use crate::{DeploymentError, FunctionApp, Functions, listen, stderr};

const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

/// Why an app cannot serve.
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
    /// Serves the deployed functions as [`FunctionApp::serve_from_env`] does, or with the argument `function-json`
    /// writes their function.json into the current folder; prints errors to stderr. For an app that sets nothing else
    /// and has no command-line arguments.
    ///
    /// Where the app has set no subscriber of `tracing`, warnings and errors are written to stderr, one line each.
    pub async fn run(self, state: S) -> ExitCode {
        stderr::install_default_subscriber();
        let arguments: Vec<_> = env::args_os().skip(1).collect();
        let done = match arguments.iter().map(|argument| argument.to_str()).collect::<Vec<_>>()[..] {
            [] => self.serve_deployed(state).await.map_err(|error| error.to_string()),
            [Some("function-json")] => self.write_function_json(".").map_err(|error| error.to_string()),
            _ => Err("unknown arguments: `function-json` alone writes each function.json into the current folder, and no \
                      argument serves the functions"
                .to_owned()),
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
    /// When there is no port, or listening on it fails.
    pub async fn serve_from_env(self) -> Result<(), ServeError> {
        let port = port_from_env()?;
        let listener = listen(port).map_err(|source| ServeError::Listen { port, source })?;
        let stop = stop_signal()?;
        Ok(self.serve(listener, stop).await?)
    }
}

/// The port on which the Functions host wants the handler to listen: `FUNCTIONS_CUSTOMHANDLER_PORT`.
///
/// # Errors
/// When the variable is missing, because no host started this process.
pub fn port_from_env() -> Result<u16, ServeError> {
    let text = env::var(PORT).map_err(|_| ServeError::Port("not set".to_owned()))?;
    text.parse().map_err(|_| ServeError::Port(format!("`{text}`")))
}

/// Resolves at the first SIGTERM, SIGINT or SIGHUP from now on. After that, none of these signals ends the process by
/// itself.
///
/// # Errors
/// When the system refuses a signal handler. Needs a runtime with I/O.
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
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
