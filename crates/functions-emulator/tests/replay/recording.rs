//! The recordings and the list of those that must hold.

use std::{fs, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// Other recordings than `hang-*` that end at `functionTimeout`.
const CUT_OFF: [&str; 2] = ["fwd-slow-handler", "fwd-stream-beyond-timeout"];

const TIMEOUT: &str = "AzureFunctionsJobHost__functionTimeout";

/// Where the recorded queues were; these are in this process.
const STORAGE: &str = "AzureWebJobsStorage";

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

/// The checked-in list of recordings that are not replayed: each with the reason, or with the test that covers the
/// same.
pub(crate) fn aside() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder("replay").join("cases.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, reason) = line.split_once(": ").expect("a case and its reason");
            (name.to_owned(), reason.to_owned())
        })
        .collect()
}

/// The names of every recording.
pub(crate) fn all() -> Vec<String> {
    let groups =
        ["env", "core", "easyauth", "ans", "hang", "qout", "qin", "queue", "timer", "fwd", "pxy", "life"];
    groups.into_iter().flat_map(group).collect()
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

    /// Whether it shows what can be compared without a worker process.
    pub(crate) fn is_replayable(&self) -> bool {
        matches!(self.0["replay"].as_str(), Some("full" | "worker-only"))
    }

    /// The settings of its run. What was cut off at a `functionTimeout` is cut off sooner here.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let env = self.0["env"].as_object().unwrap();
        let recorded = env.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let sooner = self.name().starts_with("hang-") || CUT_OFF.contains(&self.name());
        let sooner = sooner.then(|| (TIMEOUT.to_owned(), "00:00:01".to_owned()));
        recorded.filter(|(name, _)| name != STORAGE).chain(sooner).collect()
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
