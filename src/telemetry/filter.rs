//! Which log lines are written, and which of them are the worker's own.

use std::str::FromStr;

use tracing_subscriber::{EnvFilter, filter::ParseError};

/// The log targets of the worker and of its handler crate.
const WORKER: &str = "orders_worker";
pub(super) const HANDLER: &str = "azure_functions_handler";

/// Which log lines are written: the syntax of `ORDERS_LOG`, such as `info` or `warn,orders_worker=debug`.
#[derive(Debug)]
pub struct Filter(pub(super) EnvFilter);

/// A text is no filter.
#[derive(Debug, thiserror::Error)]
#[error("must be a level such as `info`, or levels by module such as `warn,orders_worker=debug`")]
pub struct FilterError(#[source] ParseError);

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        EnvFilter::try_new(with_handler_crate(text)).map(Self).map_err(FilterError)
    }
}

/// A directive for the worker counts for the handler crate too, unless the filter names that crate.
fn with_handler_crate(text: &str) -> String {
    let for_handler =
        |directive: &str| directive.trim().strip_prefix(WORKER).map(|rest| format!("{HANDLER}{rest},"));
    let more: String = text.split(',').filter_map(for_handler).collect();
    format!("{more}{text}")
}

/// Whether lines and spans of this target are the worker's own.
pub(super) fn is_ours(target: &str) -> bool {
    target.starts_with(WORKER) || target.starts_with(HANDLER)
}
