//! What the repository's function.json files offer, for display.

use std::{fs, path::Path};

use anyhow::Context as _;
use project::read;
use serde::Deserialize;

/// A function and how to reach it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct FunctionInfo {
    pub(super) name: String,
    /// `POST`, `queue` or `timer`.
    pub(super) how: String,
    /// A URL, a queue's name or a schedule.
    pub(super) at: String,
}

#[derive(Deserialize)]
struct Definition {
    bindings: Vec<Binding>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
enum Binding {
    #[serde(rename = "httpTrigger")]
    Http {
        #[serde(default)]
        methods: Vec<String>,
        route: Option<String>,
    },
    #[serde(rename = "queueTrigger")]
    Queue { queue_name: String },
    #[serde(rename = "timerTrigger")]
    Timer { schedule: String },
    #[serde(other)]
    Other,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HostJson {
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extensions {
    http: Http,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Http {
    route_prefix: String,
}

impl Default for Http {
    fn default() -> Self {
        Self { route_prefix: "api".to_owned() }
    }
}

/// Every function of an app folder, HTTP ones first, then by name.
pub(super) fn offered(app: &Path, url: &str) -> anyhow::Result<Vec<FunctionInfo>> {
    let host: HostJson = parse(&app.join("host.json"))?;
    let base = match host.extensions.http.route_prefix.trim_matches('/') {
        "" => url.to_owned(),
        prefix => format!("{url}/{prefix}"),
    };
    let mut functions = Vec::new();
    for folder in fs::read_dir(app).with_context(|| format!("cannot read {}", app.display()))? {
        let folder = folder?;
        let definition = folder.path().join("function.json");
        if definition.is_file() {
            let name = folder.file_name().to_string_lossy().into_owned();
            let definition: Definition = parse(&definition)?;
            functions.extend(definition.bindings.into_iter().find_map(|trigger| trigger.offer(&name, &base)));
        }
    }
    functions.sort_by_key(|function| (!function.at.starts_with("http"), function.name.clone()));
    Ok(functions)
}

impl Binding {
    fn offer(self, name: &str, base: &str) -> Option<FunctionInfo> {
        let (how, at) = match self {
            Self::Http { methods, route } => {
                let how =
                    if methods.is_empty() { "any".to_owned() } else { methods.join("|").to_uppercase() };
                (how, format!("{base}/{}", route.as_deref().unwrap_or(name)))
            }
            Self::Queue { queue_name } => ("queue".to_owned(), queue_name),
            Self::Timer { schedule } => ("timer".to_owned(), schedule),
            Self::Other => return None,
        };
        Some(FunctionInfo { name: name.to_owned(), how, at })
    }
}

fn parse<T: for<'de> Deserialize<'de>>(path: &Path) -> anyhow::Result<T> {
    serde_json::from_str(&read(path)?).with_context(|| format!("{} cannot be read as JSON", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_is_listed_with_its_address() {
        let app = tempfile::tempdir().unwrap();
        let function = |name: &str, trigger: &str| {
            fs::create_dir(app.path().join(name)).unwrap();
            let text = format!(r#"{{"bindings": [{{"type": "queue", "name": "out"}}, {trigger}]}}"#);
            fs::write(app.path().join(name).join("function.json"), text).unwrap();
        };
        fs::write(app.path().join("host.json"), r#"{"version": "2.0"}"#).unwrap();
        function("Tick", r#"{"type": "timerTrigger", "name": "t", "schedule": "0 * * * * *"}"#);
        function(
            "Put",
            r#"{"type": "httpTrigger", "name": "r", "methods": ["put"], "route": "things/{id}"}"#,
        );
        function("Plain", r#"{"type": "httpTrigger", "name": "r"}"#);
        function("Take", r#"{"type": "queueTrigger", "name": "m", "queueName": "things"}"#);
        let offered = offered(app.path(), "http://localhost:1").unwrap();
        let lines: Vec<String> = offered.iter().map(|f| format!("{} {} {}", f.name, f.how, f.at)).collect();
        assert_eq!(
            lines,
            [
                "Plain any http://localhost:1/api/Plain",
                "Put PUT http://localhost:1/api/things/{id}",
                "Take queue things",
                "Tick timer 0 * * * * *",
            ]
        );
    }
}
