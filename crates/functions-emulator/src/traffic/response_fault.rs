//! Faults of the worker's answers.

use serde::{Deserialize, Serialize};

/// A fault of the worker's answers: it applies to every answer until another one is set.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum ResponseFault {
    /// Answers reach the host as they come.
    #[default]
    None,
    /// Answers reach the host only after this time.
    Delayed {
        /// How late, in milliseconds.
        milliseconds: u64,
    },
    /// The worker works, and its answer is lost on the way: to the host it looks like a closed connection.
    Dropped,
}
