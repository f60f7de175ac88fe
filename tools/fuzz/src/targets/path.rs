//! Which path a target took.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A number for a path, from what distinguishes it from others.
pub(super) fn path(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
