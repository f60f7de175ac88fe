//! The table itself, one file for each part of the system.

mod access;
mod apps;
mod data;
mod gateway;
mod network;
mod small;
mod watching;

use super::{Assertion, Companion, Want, When};
use crate::worlds::Size;

/// Every line.
#[must_use]
pub fn table() -> Vec<Assertion> {
    let parts = [access::lines, apps::lines, data::lines, gateway::lines, network::lines, watching::lines];
    parts.iter().flat_map(|lines| lines()).chain(small::lines()).collect()
}

/// A line about every resource of a type, in every choice of parameters of the size `production`.
fn line(id: &'static str, kind: &'static str, path: &'static str, want: Want) -> Assertion {
    Assertion { id, kind, only: &[], path, want, sizes: &[Size::Production], when: When::Always, least: 1 }
}

impl Assertion {
    fn only(self, only: &'static [(&'static str, &'static str)]) -> Self {
        Self { only, ..self }
    }

    /// It holds in both sizes.
    fn both(self) -> Self {
        Self { sizes: &[Size::Small, Size::Production], ..self }
    }

    fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    fn least(self, least: usize) -> Self {
        Self { least, ..self }
    }
}

/// What points at a resource by a property.
const fn pointing(
    kind: &'static str,
    by: &'static str,
    only: &'static [(&'static str, &'static str)],
) -> Want {
    Want::Companion(Companion { kind, by, only })
}
