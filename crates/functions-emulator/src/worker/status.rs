//! The status of the worker's process.

/// Where the process stands.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) phase: Phase,
    pub(super) pid: Option<u32>,
    /// How the first process ended, if it ended before it answered.
    pub(super) start_failure: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Phase {
    Starting,
    Ready,
    /// Exit code 0: nothing restarts it.
    Exited(String),
    /// Three strikes: the host instance is over.
    InstanceOver(String),
}
