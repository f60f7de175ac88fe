//! Which version a write may replace.

/// What the caller of a conditional write demands of the version that is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Precondition {
    /// Nothing was said.
    None,
    /// Nothing may be there.
    Absent,
    /// This version has to be there.
    Version(u64),
    /// A version was named that never existed.
    NoVersion,
}
