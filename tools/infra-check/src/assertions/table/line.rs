//! Short constructors for assertions.

use crate::{
    assertions::{Assertion, Expectation, ReferencingResource, VariantFilter},
    variants::Size,
};

/// A line about every resource of a type, in every choice of parameters of the size `production`.
pub(super) fn line(id: &'static str, kind: &'static str, path: &'static str, want: Expectation) -> Assertion {
    Assertion {
        id,
        kind,
        only: &[],
        path,
        want,
        sizes: &[Size::Production],
        when: VariantFilter::Always,
        least: 1,
    }
}

impl Assertion {
    pub(super) fn only(self, only: &'static [(&'static str, &'static str)]) -> Self {
        Self { only, ..self }
    }

    /// The assertion is checked in both sizes.
    pub(super) fn both(self) -> Self {
        Self { sizes: &[Size::Small, Size::Production], ..self }
    }

    pub(super) fn when(self, when: VariantFilter) -> Self {
        Self { when, ..self }
    }

    pub(super) fn least(self, least: usize) -> Self {
        Self { least, ..self }
    }
}

/// An assertion about a resource that points at another by a property.
pub(super) const fn pointing(
    kind: &'static str,
    by: &'static str,
    only: &'static [(&'static str, &'static str)],
) -> Expectation {
    Expectation::ReferencedBy(ReferencingResource { kind, by, only })
}
