//! Whether a backend carries orders out, and what becomes of them without one.

use functions_lint::Finding;

use super::{Facts, fail, pass, warn};
use crate::{
    config::Config,
    fulfilment::Fulfilment,
    functions::{self, Need},
};

const URL: &str = "ORDERS_FULFILMENT_URL";
/// Nothing where no function carries orders out.
pub(super) fn rule(config: &Config, facts: &Facts) -> Option<Finding> {
    if !facts.needs.fulfilment {
        return None;
    }
    let name = functions::name_of(|need| matches!(need, Need::Fulfilment))?;
    // Has the host leave messages in the queue that the function would be started by, uncounted.
    let off = format!("AzureWebJobs_{name}_Disabled");
    let rule = "C09-backend";
    let backend = "set ORDERS_FULFILMENT_URL and ORDERS_FULFILMENT_CLIENT_CERTIFICATE";
    Some(match (&config.fulfilment, facts.settings.disables(name)) {
        (Fulfilment::StandIn, _) => pass(rule, URL, "on a development machine a stub takes its place"),
        (Fulfilment::Backend(_), false) => pass(rule, URL, "orders are sent to this backend"),
        (Fulfilment::Backend(_), true) => {
            let why = format!("a backend is set, but {name} is off: processed orders wait");
            warn(rule, off, why, "remove it, so that orders are fulfilled")
        }
        (Fulfilment::Missing, true) => {
            let why = "no backend is set: processed orders wait as `queued`, and their messages in the queue";
            warn(rule, URL, why, format!("{backend}, and remove {off}"))
        }
        (Fulfilment::Missing, false) => {
            let why = format!(
                "no backend is set, but {name} is on: it fails every message until the host moves it to the poison \
                 queue"
            );
            fail(rule, URL, why, format!("{backend}, or {off}=true to let orders wait"))
        }
    })
}
