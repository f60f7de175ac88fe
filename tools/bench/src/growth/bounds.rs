//! What a run is held to, and how many clients it has.

/// How many times the p99 at the smallest scale the p99 at the largest may be.
pub(crate) const BAR: f64 = 1.3;

/// Rows that a statement may read for each order, line and history entry that the call is about.
pub(super) const ROWS: f64 = 3.0;

/// Clients at a time of a function that is no timer; each has a connection of the worker's. Two processors are not full
/// then, so that a latency is the cost of a call and not the length of a queue.
pub(super) const CLIENTS: u32 = 4;
