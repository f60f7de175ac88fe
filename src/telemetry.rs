//! JSON log lines on stdout: what happened, and inside an invocation, which one (contract §7).

use std::{error::Error, fmt::Display, iter::successors, panic, str::FromStr};

use tracing::{Subscriber, subscriber::SetGlobalDefaultError};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, ParseError, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
};

use crate::clock::Clock;

pub mod event;
mod fields;
mod line;
mod lines;
pub mod traces;

#[cfg(test)]
pub(crate) mod tests;

pub use event::Event;
pub(crate) use line::line;
pub use traces::Spans;

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
        EnvFilter::try_new(text).map(Self).map_err(FilterError)
    }
}

/// This process already writes its log.
#[derive(Debug, thiserror::Error)]
#[error("start the log once, first thing in main")]
pub struct StartedTwice(#[source] SetGlobalDefaultError);

/// From now on every event that passes the filter is one JSON object in a line of stdout, and every panic too.
///
/// Fields: `timestamp` (RFC 3339, UTC, microseconds), `level`, `message`, the fields of the spans around the
/// event, `event`, its own fields; of two fields with one name the inner one holds, but for the first two. A panic
/// names its place in the source and not its message, which may quote what a caller sent.
///
/// Whoever keeps `spans` gets one of each invocation, whatever the filter says.
///
/// # Errors
/// When it was called before.
pub fn init(filter: Filter, clock: Clock, spans: Option<Spans>) -> Result<(), StartedTwice> {
    tracing::subscriber::set_global_default(subscriber(filter, clock, std::io::stdout, spans))
        .map_err(StartedTwice)?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let location = panic.location();
    Event::WorkerPanicked { location: location.as_ref().map(|place| place as &dyn Display) }.log();
}

/// Our own spans pass whatever the filter says: a line that is written always tells its invocation.
fn subscriber<W>(
    filter: Filter,
    clock: Clock,
    output: W,
    spans: Option<Spans>,
) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let our_spans =
        filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("orders_worker"));
    let lines = lines::Lines::new(clock, output).with_filter(filter.0.or(our_spans));
    let of_the_host = filter_fn(|metadata| metadata.target().starts_with("orders_worker::host"));
    Registry::default().with(lines).with(spans.map(|spans| spans.with_filter(of_the_host)))
}
