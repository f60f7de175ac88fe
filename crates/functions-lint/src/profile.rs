//! `configurationProfile`: what it puts below the values of host.json.

// The host: docs/reference/host-protocol.md#routes-in-hostjson.

use serde_json::{Value, json};

use crate::configuration::member;

const MEMBER: &str = "configurationProfile";
/// Profiles for a program that is a web server of its own; all of them mean the same to the host.
const WEB_SERVERS: [&str; 2] = ["mcp-custom-handler", "web-app-custom-handler"];

/// Fills in what the profile says that host.json names, and host.json does not. Overrides come before.
///
/// # Errors
/// One sentence, when the name is that of no profile.
pub fn apply_profile(json: &mut Value) -> Result<(), String> {
    let name = member(json, &[MEMBER]).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        "" | "default" => Ok(()),
        name if WEB_SERVERS.contains(&name) => {
            let web_server = json!({
                "customHandler": {
                    "enableProxyingHttpRequest": true,
                    "http": { "routes": [{ "route": "{*route}" }] },
                },
                "extensions": { "http": { "routePrefix": "" } },
            });
            merge_under(json, web_server);
            Ok(())
        }
        name => Err(format!("host.json: {MEMBER} {name:?} does not exist; use {}", WEB_SERVERS.join(" or "))),
    }
}

/// Values above stay. Lists are laid over each other by position, as the host's configuration does.
fn merge_under(above: &mut Value, below: Value) {
    match (above, below) {
        (Value::Object(above), Value::Object(below)) => {
            for (name, value) in below {
                let known = above.keys().find(|key| key.eq_ignore_ascii_case(&name)).cloned();
                match known.and_then(|known| above.get_mut(&known)) {
                    Some(slot) => merge_under(slot, value),
                    None => drop(above.insert(name, value)),
                }
            }
        }
        (Value::Array(above), Value::Array(below)) => {
            for (at, value) in below.into_iter().enumerate() {
                match above.get_mut(at) {
                    Some(slot) => merge_under(slot, value),
                    None => above.push(value),
                }
            }
        }
        _ => {}
    }
}
