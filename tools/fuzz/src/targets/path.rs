//! Which path a target took.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A path, out of whatever tells it from others.
pub(super) fn path(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
