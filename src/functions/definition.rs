//! What function.json has to say for a function of the list.

use serde_json::{Value, json};

use super::{ANONYMOUS, App};
use crate::host::{Function, Trigger};

/// The storage connection of every queue binding: apart from the host's own storage, which holds packages and keys.
const CONNECTION: &str = "WorkQueues";

/// The whole of `functions/<Name>/function.json`, its bindings in sequence.
#[must_use]
pub fn definition(function: &Function<App>) -> Value {
    let mut bindings = match &function.trigger {
        Trigger::Http { binding, method, route, .. } => {
            let level = if ANONYMOUS.contains(&function.name) { "anonymous" } else { "function" };
            vec![
                json!({
                    "type": "httpTrigger", "direction": "in", "name": binding, "authLevel": level,
                    "methods": [method.as_str().to_lowercase()], "route": route,
                }),
                json!({"type": "http", "direction": "out", "name": "res"}),
            ]
        }
        Trigger::Queue { binding, queue, .. } => vec![json!({
            "type": "queueTrigger", "direction": "in", "name": binding, "queueName": queue,
            "connection": CONNECTION, "dataType": "binary",
        })],
        Trigger::Timer { binding, schedule, .. } => vec![json!({
            "type": "timerTrigger", "direction": "in", "name": binding, "schedule": schedule, "useMonitor": false,
        })],
    };
    bindings.extend(function.outputs.iter().map(|(name, queue)| {
        json!({"type": "queue", "direction": "out", "name": name, "queueName": queue, "connection": CONNECTION})
    }));
    json!({ "bindings": bindings })
}
