//! The precondition of a write: `If-Match` and `If-None-Match`.

/// A condition on the current version that a write requires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Precondition {
    /// The caller named no precondition.
    None,
    /// It must not exist.
    Absent,
    /// The current version must be this one.
    Version(u64),
    /// The entity tag is that of no version, so it never matches.
    UnknownVersion,
}
