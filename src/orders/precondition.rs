//! The precondition of a write: `If-Match` and `If-None-Match`.

/// What has to hold before a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Precondition {
    /// The caller named no precondition.
    None,
    /// It must not exist.
    Absent,
    /// It must have this version.
    Version(u64),
    /// The entity tag is that of no version, so it never matches.
    UnknownVersion,
}
