//! JSON log lines on stdout: what happened, and inside an invocation, which one. See `docs/events.md`.

use std::{error::Error, iter::successors, str::FromStr};

use tracing::{Level, Subscriber, subscriber::SetGlobalDefaultError};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, ParseError, filter_fn},
    layer::SubscriberExt,
};

use crate::clock::Clock;

mod dropped;
pub mod event;
mod fields;
mod line;
mod lines;
pub(crate) mod log;
mod panics;
mod queue;
mod span;
pub mod traces;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use event::Event;
pub(crate) use line::line;
pub use log::Log;
pub(crate) use panics::contained;
use queue::Importance;
pub use span::invocation_span;
pub use traces::Spans;

/// The targets of what the worker itself tells, and of what its protocol layer does.
const WORKER: &str = "orders_worker";
const PROTOCOL: &str = "azure_functions_handler";

/// An error and what led to it, in one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let causes = successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Which log lines are written: the syntax of `ORDERS_LOG`, such as `info` or `warn,orders_worker=debug`.
#[derive(Debug)]
pub struct Filter(EnvFilter);

/// A text is no filter.
#[derive(Debug, thiserror::Error)]
#[error("write a level such as `info`, or levels by module such as `warn,orders_worker=debug`")]
pub struct FilterError(#[source] ParseError);

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        EnvFilter::try_new(of_both_crates(text)).map(Self).map_err(FilterError)
    }
}

/// Whatever is said of the worker counts for its protocol layer too, which is a crate of its own, unless
/// that one is named.
fn of_both_crates(text: &str) -> String {
    let of_layer =
        |directive: &str| directive.trim().strip_prefix(WORKER).map(|rest| format!("{PROTOCOL}{rest},"));
    let more: String = text.split(',').filter_map(of_layer).collect();
    format!("{more}{text}")
}

/// Whether lines and spans of this target are the worker's own.
fn is_ours(target: &str) -> bool {
    target.starts_with(WORKER) || target.starts_with(PROTOCOL)
}

/// This process already writes its log.
#[derive(Debug, thiserror::Error)]
#[error("start the log once, first thing in main")]
pub struct StartedTwice(#[source] SetGlobalDefaultError);

/// Our own spans pass whatever the filter says: a line that is written always tells its invocation.
fn subscriber(
    filter: Filter,
    clock: Clock,
    output: impl Fn(Level, Importance, &[u8]) + Send + Sync + 'static,
    spans: Option<Spans>,
) -> impl Subscriber + Send + Sync {
    let our_spans = filter_fn(|metadata| metadata.is_span() && is_ours(metadata.target()));
    let lines = lines::Lines::new(clock, output).with_filter(filter.0.or(our_spans));
    // The span is ours, and the protocol layer says when it ends.
    let invocations = filter_fn(|metadata| {
        metadata.target().starts_with(PROTOCOL) || (metadata.is_span() && is_ours(metadata.target()))
    });
    Registry::default().with(lines).with(spans.map(|spans| spans.with_filter(invocations)))
}
