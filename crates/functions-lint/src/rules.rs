//! Every rule, with its name, its promise and where the fact behind it comes from.

mod azure;
mod bindings;
mod bundle;
mod diagnosed;
mod host_json;
mod members;
mod program;
mod routes;
mod rule;
mod settings;

use crate::App;

pub(crate) use rule::Rule;
use rule::{Violation, fail, warn};

/// Every rule, those of host.json first.
pub(crate) fn all() -> Vec<&'static Rule> {
    [
        host_json::RULES,
        members::RULES,
        bundle::RULES,
        program::RULES,
        bindings::RULES,
        routes::RULES,
        settings::RULES,
        azure::RULES,
        diagnosed::RULES,
    ]
    .concat()
}

/// The rules that apply to an app. Without a host.json most rules do not apply.
pub(crate) fn of(app: &App) -> Vec<&'static Rule> {
    if app.host.is_err() {
        [&[&host_json::READABLE], bindings::RULES, diagnosed::RULES].concat()
    } else {
        all()
    }
}
