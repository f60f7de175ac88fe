//! Which log lines are dropped last.

/// Which lines stay in the queue when there is no room for all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Importance {
    /// An audit line: it replaces other lines.
    Audit,
    /// Everything else.
    Ordinary,
}
