//! Events of the host, for a terminal, a test or a page.

use std::time::Duration;

use uuid::Uuid;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A worker process was started.
    WorkerStarted {
        /// Its process id.
        pid: u32,
    },
    /// The worker answered its first ping.
    WorkerReady {
        /// Time since its start.
        after: Duration,
    },
    /// The worker's process ended.
    WorkerExited {
        /// Its exit code; none when a signal ended it.
        code: Option<i32>,
        /// Whether this end is a strike: not one that the host wanted, nor exit code 0 or 200.
        strike: bool,
        /// Strikes against this host instance so far, of three.
        strikes: u32,
    },
    /// After three strikes the host instance ended, and the next one starts.
    InstanceEnded,
    /// A line that the worker printed.
    Output {
        /// Whether it came on stderr.
        stderr: bool,
        /// The line, without its end.
        line: String,
    },
    /// An invocation ended.
    Invoked {
        /// The function's name.
        function: String,
        /// The invocation's id.
        id: Uuid,
        /// For HTTP the status that the caller saw, else 200 or 500.
        status: u16,
        /// Whether the invocation itself succeeded.
        succeeded: bool,
        /// How long it took.
        duration: Duration,
    },
    /// A message was moved to its poison queue.
    Poisoned {
        /// The queue it came from.
        queue: String,
        /// The message's id.
        id: Uuid,
    },
    /// The queue server does not answer, or refuses the login; reported once until it works again.
    QueuesUnavailable {
        /// One sentence, which says what to do.
        why: String,
    },
    /// The queue server works again.
    QueuesAvailable,
    /// Something of the app runs otherwise than its author may mean it, or otherwise here than in Azure.
    Warning {
        /// One sentence or two, which say what to do.
        what: String,
    },
    /// The worker broke the protocol; the text says how, and how to correct it.
    ProtocolViolation {
        /// The function's name.
        function: String,
        /// One sentence.
        what: String,
    },
}
