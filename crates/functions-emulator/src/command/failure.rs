//! How a command ends that asks a running emulator.

use std::process::ExitCode;

/// The documented exit codes of `invoke`, `token` and `queues`, beside 0.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  it succeeded; an HTTP function answered below 400
  1  the function failed, it answered 400 or more, or the emulator refused
  2  the arguments are wrong, or name what the app does not have
  3  no emulator was reached";

/// Why a command ends without success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The emulator cannot do it now.
    #[error("{0}")]
    Refused(String),
    /// The arguments are wrong, or name what is not there.
    #[error("{0}")]
    Usage(String),
    /// There is no emulator to ask.
    #[error("{0}")]
    Unreachable(String),
}

impl Failure {
    /// The emulator answers in a form that this command does not know.
    pub(crate) fn other_version() -> Self {
        Self::Unreachable("the emulator is of another version than this command: use one version".to_owned())
    }

    /// Prints it, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {self}");
        ExitCode::from(match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        })
    }
}
