//! Whether a fulfilment backend is configured, and what happens to orders without one.

use functions_lint::Finding;

use super::{Inputs, fail, pass, warn};
use crate::{
    config::Config,
    fulfilment::FulfilmentMode,
    functions::{self, FunctionNeed},
};

const URL: &str = "ORDERS_FULFILMENT_URL";
/// No finding if the app has no function that fulfils orders.
pub(super) fn rule(config: &Config, inputs: &Inputs) -> Option<Finding> {
    if !inputs.needs.fulfilment {
        return None;
    }
    let name = functions::find_function_with(|need| matches!(need, FunctionNeed::Fulfilment))?;
    // Has the host leave messages in the queue that the function would be started by, uncounted.
    let off = format!("AzureWebJobs_{name}_Disabled");
    let rule = "C09-backend";
    let backend = "set ORDERS_FULFILMENT_URL and ORDERS_FULFILMENT_CLIENT_CERTIFICATE";
    Some(match (&config.fulfilment, inputs.settings.disables(name)) {
        (FulfilmentMode::Stub, _) => pass(rule, URL, "on a development machine a stub takes its place"),
        (FulfilmentMode::Backend(_), false) => pass(rule, URL, "orders are sent to this backend"),
        (FulfilmentMode::Backend(_), true) => {
            let why = format!("a backend is set, but {name} is off: processed orders wait");
            warn(rule, off, why, "remove it, so that orders are fulfilled")
        }
        (FulfilmentMode::NotConfigured, true) => {
            let why = "no backend is set: processed orders wait as `queued`, and their messages in the queue";
            warn(rule, URL, why, format!("{backend}, and remove {off}"))
        }
        (FulfilmentMode::NotConfigured, false) => {
            let why = format!(
                "no backend is set, but {name} is on: it fails every message until the host moves it to the poison \
                 queue"
            );
            fail(rule, URL, why, format!("{backend}, or {off}=true to let orders wait"))
        }
    })
}
