//! What is claimed of a control.

use super::{removals::Removal, rows::Test};

/// A removal, and the tests that have to notice it.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) removal: Removal,
    pub(super) tests: Vec<Test>,
}
