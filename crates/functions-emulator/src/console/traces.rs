//! Traces of the worker and of this host.

use serde_json::Value;

use super::problem::{ApiResult, Problem};
use crate::{host::Host, query::Query, traces::Filter};

/// The newest traces that fit `text`, `errors=true` and `minDuration`, in milliseconds.
pub(super) fn all(host: &Host, query: &str) -> ApiResult {
    Ok(host.events().traffic().traces().list(&filter(query)?))
}

/// One trace with its spans.
pub(super) fn shown(host: &Host, id: &str) -> ApiResult {
    let id = id
        .parse()
        .map_err(|_| Problem::bad_request("the id of a trace has 32 hexadecimal digits, not all zero"))?;
    let trace: Option<Value> = host.events().traffic().traces().shown(id);
    trace.ok_or_else(|| {
        Problem::not_found(
            "no span of this trace is here: none was exported yet, or newer ones took its place",
        )
    })
}

fn filter(query: &str) -> Result<Filter, Problem> {
    let mut filter = Filter::default();
    for (name, value) in Query::parse(query).last() {
        match (name, value) {
            ("text", text) => filter.text = Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            ("errors", "true") => filter.errors = true,
            ("errors", "false") | ("errors" | "minDuration", "") => {}
            ("errors", _) => return Err(Problem::bad_request("`errors` must be true or false")),
            ("minDuration", value) => {
                let number = value.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
                let wrong = || Problem::bad_request("`minDuration` must be a number of milliseconds");
                filter.min_duration = number.ok_or_else(wrong)?;
            }
            (name, _) => {
                let what = format!("{name:?} is no filter; there are: text, errors, minDuration");
                return Err(Problem::bad_request(what));
            }
        }
    }
    Ok(filter)
}
