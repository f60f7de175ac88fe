//! Which log lines are dropped last.

/// How long a line stays in the queue when there is no room for all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Importance {
    /// An audit line: it replaces other lines.
    Audit,
    /// Everything else.
    Ordinary,
}
