//! Why there is no PgBouncer.

use std::{io, path::PathBuf};

use super::PostgresError;

/// Why PgBouncer is not available.
#[derive(Debug, thiserror::Error)]
pub enum PgBouncerError {
    /// It is not installed, and fetching it failed.
    #[error(
        "there is no PgBouncer for the tests: install it (Debian: `apt-get install pgbouncer`), put `pgbouncer` on the \
         PATH, or let apt reach its archive (`apt-get update`); {reason}"
    )]
    Missing {
        /// Why fetching it failed.
        reason: String,
    },
    /// The program is there, and does not come up.
    #[error("{} does not start: {log}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What it logged.
        log: String,
    },
    /// There is no account that may run it.
    #[error(transparent)]
    Account(#[from] PostgresError),
    /// There is no server to stand in front of.
    #[error("{0}")]
    NoServer(String),
    /// The operating system refused something.
    #[error("PgBouncer cannot be run: {doing}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why it was refused.
        #[source]
        source: io::Error,
    },
}
