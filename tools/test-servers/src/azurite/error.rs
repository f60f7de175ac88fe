//! Why Azurite is not available.

use std::{fmt, io, time::Duration};

/// Why Azurite is not available. A test that unwraps it shows the sentence, not the names of its parts.
#[derive(thiserror::Error)]
pub enum AzuriteError {
    /// Node's programs are missing.
    #[error("cannot start {program}: install Node 20 or newer, which brings node and npm")]
    NoNode {
        /// `node` or `npm`.
        program: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// npm could not install the package.
    #[error("npm could not install {package}; is its registry reachable? npm said: {said}")]
    NotInstalled {
        /// Name and version.
        package: String,
        /// The end of npm's own words.
        said: String,
    },
    /// The tools folder cannot be used.
    #[error("cannot prepare target/tools: make it writable")]
    Folder(#[source] io::Error),
    /// Azurite was started and did not listen in time.
    #[error("azurite-queue did not listen within {} s; its own words are on stderr", TIMEOUT.as_secs())]
    Silent,
}

impl fmt::Debug for AzuriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::error::Error::source(self) {
            Some(source) => write!(f, "{self} ({source})"),
            None => write!(f, "{self}"),
        }
    }
}

/// How long it may take to come up or to go.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
