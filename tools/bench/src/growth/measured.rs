//! What was measured of a function, and how it grew.

use serde::Serialize;

use super::function::Function;
use crate::sample::Sample;

/// One round of a function at one scale.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) function: Function,
    pub(crate) orders: u32,
    pub(crate) round: u32,
    pub(crate) sample: Sample,
}

/// The median of all rounds of a function at a scale.
pub(super) fn median(measured: &[Measured], function: Function, orders: u32) -> Option<Sample> {
    let wanted = |one: &&Measured| (one.function, one.orders) == (function, orders);
    Sample::median(&measured.iter().filter(wanted).map(|one| one.sample).collect::<Vec<_>>())
}

/// The p99 at the largest scale, of that at the smallest.
pub(super) fn ratio(measured: &[Measured], function: Function) -> Option<f64> {
    let orders = || measured.iter().map(|one| one.orders);
    let largest = median(measured, function, orders().max()?)?;
    Some(largest.p99 / median(measured, function, orders().min()?)?.p99)
}
