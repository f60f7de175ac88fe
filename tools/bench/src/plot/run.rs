//! One measurement in the raw data.

use serde::Deserialize;

use crate::sample::Sample;

/// One measurement that a chart shows a median of.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Run {
    /// The operation or the function.
    #[serde(alias = "operation")]
    pub(super) function: String,
    pub(super) sample: Sample,
    #[serde(default)]
    pub(super) peer: String,
    #[serde(default)]
    pub(super) clients: u32,
    #[serde(default)]
    pub(super) orders: u32,
}

impl Run {
    /// The median of those that `wanted` holds for.
    pub(super) fn median(runs: &[Self], wanted: impl Fn(&Self) -> bool) -> Option<Sample> {
        Sample::median(&runs.iter().filter(|run| wanted(run)).map(|run| run.sample).collect::<Vec<_>>())
    }
}
