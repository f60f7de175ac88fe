//! Random ids, in one place.

use uuid::Uuid;

/// A new random id.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that draws random ids")]
pub(crate) fn random() -> Uuid {
    Uuid::new_v4()
}
