//! The table itself, one file for each part of the system.

mod access;
mod apps;
mod data;
mod gateway;
mod network;
mod watching;

use super::{Assertion, Companion, Want, When};

/// Every line.
#[must_use]
pub fn table() -> Vec<Assertion> {
    [access::lines(), apps::lines(), data::lines(), gateway::lines(), network::lines(), watching::lines()]
        .concat()
}

/// A line about every resource of a type, in every choice of parameters.
fn line(id: &'static str, kind: &'static str, path: &'static str, want: Want) -> Assertion {
    Assertion { id, kind, only: &[], path, want, when: When::Always, least: 1 }
}

impl Assertion {
    fn only(self, only: &'static [(&'static str, &'static str)]) -> Self {
        Self { only, ..self }
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
