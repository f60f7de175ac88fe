//! Which functions belong to which app, and what a package of it holds.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::Value;

/// What is deployed as one app: one of the two that are apart by privilege (`docs/reference/api.md#apps`), or both in
/// one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum App {
    /// What is called over HTTP.
    Api,
    /// What queues and timers start.
    Processor,
    /// All functions, for a deployment as a single Function App.
    One,
}

impl App {
    pub(crate) const ALL: [Self; 3] = [Self::Api, Self::Processor, Self::One];

    /// The name of the zip file and, except for `one`, of the service in azure.yaml.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Processor => "processor",
            Self::One => "one",
        }
    }

    /// Whether this app contains the functions of another one.
    fn holds(self, other: Self) -> bool {
        self == Self::One || self == other
    }

    /// Its functions: the text of function.json by the name of the folder.
    pub(super) fn functions(self, root: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
        let folder = root.join("functions");
        let mut functions = BTreeMap::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let (definition, name) =
                (path.join("function.json"), path.file_name().and_then(|name| name.to_str()));
            let Some(name) = name.filter(|_| definition.is_file()) else { continue };
            let text =
                fs::read(&definition).with_context(|| format!("cannot read {}", definition.display()))?;
            let of = Self::of(&text).with_context(|| format!("{} says of no app", definition.display()))?;
            if self.holds(of) {
                functions.insert(name.to_owned(), text);
            }
        }
        Ok(functions)
    }

    fn of(definition: &[u8]) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Definition {
            bindings: Vec<BTreeMap<String, Value>>,
        }
        let definition: Definition = serde_json::from_slice(definition)?;
        let kinds = definition.bindings.iter().filter_map(|binding| binding.get("type")?.as_str());
        for kind in kinds {
            match kind {
                "httpTrigger" => return Ok(Self::Api),
                "queueTrigger" | "timerTrigger" => return Ok(Self::Processor),
                _ => {}
            }
        }
        bail!("it has no trigger that the worker knows: http, queue or timer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_assigned_by_trigger() {
        let of = |kind: &str| {
            App::of(format!(r#"{{"bindings": [{{"type": "queue"}}, {{"type": "{kind}"}}]}}"#).as_bytes())
        };
        assert_eq!(of("httpTrigger").unwrap(), App::Api);
        assert_eq!(of("queueTrigger").unwrap(), App::Processor);
        assert_eq!(of("timerTrigger").unwrap(), App::Processor);
        assert!(of("blobTrigger").is_err());
    }
}
