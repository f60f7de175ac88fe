//! Where a process runs.

/// Where a process runs; everything that is not clearly a developer's machine is the platform, and strict.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Environment {
    /// A developer's machine.
    Local,
    /// A Function App.
    Azure,
}
