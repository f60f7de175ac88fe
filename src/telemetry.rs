//! JSON log lines on stdout: what happened, and inside an invocation, which one. See `docs/events.md`.

use tracing::{Level, Subscriber, subscriber::SetGlobalDefaultError};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterExt, FilterFn, LevelFilter, filter_fn},
    layer::SubscriberExt,
};

use crate::clock::Clock;

mod chain;
mod dropped_lines;
pub mod event;
mod fields;
mod filter;
mod importance;
mod line;
mod json_layer;
pub(crate) mod log;
pub mod otlp;
mod panics;
mod queue;
mod service_call;
mod span;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use chain::chain;
pub use event::Event;
use filter::is_ours;
pub use filter::{Filter, FilterError};
use importance::Importance;
pub(crate) use line::line;
pub use log::Log;
pub use otlp::TelemetryLayer;
pub(crate) use panics::catch_panic;
pub(crate) use service_call::{Service, call_service};
pub use span::invocation_span;

/// This process already writes its log.
#[derive(Debug, thiserror::Error)]
#[error("start the log once, first thing in main")]
pub struct AlreadyStarted(#[source] SetGlobalDefaultError);

/// Our own spans pass every filter, so every line names its invocation.
fn subscriber(
    filter: Filter,
    clock: Clock,
    output: impl Fn(Level, Importance, &[u8]) + Send + Sync + 'static,
    exporter: Option<TelemetryLayer>,
) -> impl Subscriber + Send + Sync {
    let our_spans = FilterFn::new(|metadata| metadata.is_span() && is_ours(metadata.target()))
        .with_max_level_hint(LevelFilter::INFO);
    let json = json_layer::JsonLayer::new(clock, output).with_filter(filter.0.or(our_spans));
    // The span is ours; the handler crate reports its end, sqlx each statement.
    let invocations = filter_fn(|metadata| {
        if metadata.is_span() { is_ours(metadata.target()) } else { otlp::is_of_interest(metadata) }
    });
    // In one list: above a filtered layer, an `Option` without a layer has every line of every library asked about anew,
    // although no layer wants it.
    let exporter = exporter.map(|exporter| exporter.with_filter(invocations).boxed());
    Registry::default().with([json.boxed()].into_iter().chain(exporter).collect::<Vec<_>>())
}
