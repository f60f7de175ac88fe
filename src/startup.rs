//! What the worker needs of the machine to start, and what it reports to the operator when it cannot serve.

mod process_limits;

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
    sync::{Arc, mpsc},
    thread,
};

use tokio::runtime::{Builder, Runtime};

use self::process_limits::{available_files, available_threads};
use crate::{
    clock::Clock,
    telemetry::{
        Log,
        log::{FLUSH_TIMEOUT, cannot_serve},
    },
};

/// The file descriptors that the worker needs at once, beyond those that it was started with: the runtime's, the
/// listener's, the database pool's, and a few connections.
const REQUIRED_FILES: usize = 64;
/// The threads that it needs beyond one for each processor: the log's, those of SQLite and of name lookups.
const EXTRA_THREADS: usize = 16;

/// The exit code for a port, files or threads that the machine does not give.
const INSUFFICIENT_RESOURCES: u8 = 3;

/// Why the worker cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process listens at the port.
    #[error("port {0} of 127.0.0.1 is in use by another process")]
    PortTaken(u16),
    /// The system refuses the port for another reason.
    #[error("port {port} of 127.0.0.1 cannot be opened: {source}")]
    PortRefused {
        /// The port.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The process may open too few files.
    #[error("the process may open only {available} more files and needs {REQUIRED_FILES}")]
    TooFewFiles {
        /// How many it can open.
        available: usize,
    },
    /// The process may start too few threads.
    #[error("the process may start only {available} threads and needs {needed}")]
    TooFewThreads {
        /// How many it can start.
        available: usize,
        /// How many it needs.
        needed: usize,
    },
    /// Something else.
    #[error("{0}")]
    Other(#[from] io::Error),
}

impl ServeError {
    /// The system refused this port.
    #[must_use]
    pub fn from_port(port: u16, error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::AddrInUse => Self::PortTaken(port),
            _ => Self::PortRefused { port, source: error },
        }
    }

    /// What the operator can do.
    const fn remedy(&self) -> &'static str {
        match self {
            Self::PortTaken(_) => {
                "stop that process (`ss -ltnp` names it) or set FUNCTIONS_CUSTOMHANDLER_PORT to a free port"
            }
            Self::PortRefused { .. } => "set FUNCTIONS_CUSTOMHANDLER_PORT to a free port above 1023",
            Self::TooFewFiles { .. } => "raise the limit of open files (`ulimit -n`) to 1024 or more",
            Self::TooFewThreads { .. } => {
                "raise the limit of processes of this user (`ulimit -u`) or of the container (pids.max)"
            }
            Self::Other(_) => "correct the cause that the error names, then start the worker again",
        }
    }

    /// 3 for a port, files or threads that the machine does not give, else 1.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Other(_) => ExitCode::FAILURE,
            _ => ExitCode::from(INSUFFICIENT_RESOURCES),
        }
    }

    /// Tells the operator in one log line on stdout, and in the last line of stderr, whose end the Functions host
    /// shows. Where there is no log yet, the line goes to stdout directly. Waits at most a second for each reader.
    pub fn report(&self, log: Option<&Log>, clock: Clock) {
        let (error, remedy) = (self.to_string(), self.remedy());
        match log {
            Some(log) => log.cannot_serve(&error, remedy),
            None => write_with_timeout(io::stdout, cannot_serve(clock, &error, remedy)),
        }
        write_with_timeout(io::stderr, format!("cannot serve: {error}: {remedy}\n").into_bytes());
    }
}

/// Writes the last line of a process, and gives up after a second. When the line cannot be written, the exit code still
/// shows the failure.
fn write_with_timeout<W: Write + 'static>(output: fn() -> W, words: Vec<u8>) {
    let words: Arc<[u8]> = words.into();
    let write = move |words: &[u8]| drop(output().write_all(words));
    let (written, ended) = mpsc::channel::<()>();
    let for_the_thread = Arc::clone(&words);
    let started = thread::Builder::new().spawn(move || {
        let _written = written;
        write(&for_the_thread);
    });
    match started {
        Ok(_) => drop(ended.recv_timeout(FLUSH_TIMEOUT)),
        Err(_) => write(&words),
    }
}

/// Starts the log, if the machine gives what the worker needs.
///
/// # Errors
/// When there are too few file descriptors or threads: better no start than one after which calls wait for ever.
pub fn start_log(clock: Clock) -> Result<Log, ServeError> {
    let available = available_files(REQUIRED_FILES);
    if available < REQUIRED_FILES {
        return Err(ServeError::TooFewFiles { available });
    }
    let needed = EXTRA_THREADS + thread::available_parallelism().map_or(1, usize::from);
    let available = available_threads(needed);
    if available < needed {
        return Err(ServeError::TooFewThreads { available, needed });
    }
    Ok(Log::start(clock)?)
}

/// The runtime that serves.
///
/// # Errors
/// When the system does not provide the resources. Without threads Tokio panics instead, so ask for the log first.
pub fn build_runtime() -> Result<Runtime, ServeError> {
    Ok(Builder::new_multi_thread().enable_all().build()?)
}
