//! The table itself, one file for each part of the system.

mod access;
mod apps;
mod data;
mod gateway;
mod line;
mod network;
mod small;
mod monitoring;

use super::{Assertion, Expectation, VariantFilter};
use line::{line, pointing};

/// Every line.
#[must_use]
pub fn table() -> Vec<Assertion> {
    let parts = [access::lines, apps::lines, data::lines, gateway::lines, network::lines, monitoring::lines];
    parts.iter().flat_map(|lines| lines()).chain(small::lines()).collect()
}
