//! The recordings and the list of those that must hold.

use std::{fs, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// One recorded exchange.
#[derive(Clone)]
pub(crate) struct Recording(pub(crate) Value);

/// A folder of this test.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Reads a file of the recordings.
pub(crate) fn read(name: &str) -> Value {
    let path = folder("recordings").join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The names of all recordings of a group, such as `env`.
pub(crate) fn group(group: &str) -> Vec<String> {
    let entries = fs::read_dir(folder("recordings")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .filter(|name| name.starts_with(&format!("{group}-")))
        .collect();
    names.sort();
    names
}

/// The checked-in list: what must hold, and what stands aside with its reason.
pub(crate) fn listed() -> (Vec<String>, Vec<(String, String)>) {
    let text = fs::read_to_string(folder("replay").join("cases.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (aside, held): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("aside "));
    let reason = |line: &str| {
        let (name, reason) = line["aside ".len()..].split_once(": ").expect("a case and its reason");
        (name.to_owned(), reason.to_owned())
    };
    (held.into_iter().map(str::to_owned).collect(), aside.into_iter().map(reason).collect())
}

impl Recording {
    /// Reads one by its name.
    pub(crate) fn load(name: &str) -> Self {
        Self(read(name))
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.0["case"].as_str().unwrap()
    }

    /// The settings of its run.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let env = self.0["env"].as_object().unwrap();
        env.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
    }
}

/// A text in one of the forms of the recordings: plain, base64, or parts that repeat.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(parts) => parts.iter().flat_map(bytes).collect(),
        Value::Object(form) => {
            if let Some(base64) = form.get("base64") {
                STANDARD.decode(base64.as_str().unwrap()).unwrap()
            } else if let Some(repeat) = form.get("repeat") {
                let times = usize::try_from(repeat["times"].as_u64().unwrap()).unwrap();
                bytes(&repeat["text"]).repeat(times)
            } else {
                bytes(&form["parts"])
            }
        }
        _ => Vec::new(),
    }
}

/// The body of a recorded request or answer.
pub(crate) fn body(message: &Value) -> Vec<u8> {
    match message.get("bodyBase64") {
        Some(base64) => STANDARD.decode(bytes(base64)).unwrap(),
        None => bytes(&message["bodyText"]),
    }
}
