//! What is known of each function before it is invoked, in the words of OpenTelemetry's semantic conventions.

use azure_functions_handler::Registered;

use super::{FUNCTIONS, names::ROUTE_PREFIX, need::FunctionNeed};
use crate::telemetry::otlp::FunctionAttributes;

/// The attributes of every function: its route, its queue or its schedule.
#[must_use]
pub fn span_attributes() -> FunctionAttributes {
    FUNCTIONS.iter().map(|function| (function.name, attributes(&function))).collect()
}

fn attributes(function: &Registered<'_, FunctionNeed>) -> Vec<(&'static str, String)> {
    let mut attributes = Vec::new();
    if let Some(route) = function.route {
        attributes.push(("http.route", format!("/{ROUTE_PREFIX}/{route}")));
        // With several methods the span of one of them would name another.
        if let [method] = function.methods {
            attributes.push(("http.request.method", method.to_string()));
        }
    }
    if let Some(queue) = function.queue {
        attributes.push(("messaging.system", "azure_queue_storage".to_owned()));
        attributes.push(("messaging.destination.name", queue.to_owned()));
        attributes.push(("messaging.operation.type", "process".to_owned()));
        attributes.push(("messaging.operation.name", "process".to_owned()));
    }
    attributes.extend(function.schedule.map(|schedule| ("faas.cron", schedule.to_owned())));
    attributes
}
