//! Keeps of the workers' log what the queries of infra/queries are held against, when `KEPT_LOG` names a file.

use std::{
    collections::BTreeSet,
    fs::OpenOptions,
    io::Write as _,
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

use functions_emulator::Event;
use serde_json::Value;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// The log lines that were recorded by earlier checks.
static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static FILE: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("KEPT_LOG").map(PathBuf::from));

/// Listens as long as the test goes on.
pub(super) fn keep(mut heard: Receiver<Event>) {
    let Some(file) = FILE.as_ref() else { return };
    tokio::spawn(async move {
        loop {
            match heard.recv().await {
                Ok(Event::Output { line, .. }) if tells_anything_new(&line) => {
                    let file = OpenOptions::new().create(true).append(true).open(file);
                    file.and_then(|mut file| writeln!(file, "{line}")).expect("the log can be kept");
                }
                // One line that passed by unheard is like thousands of others.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// Whether no line before it had this event with one of these fields, or with this reason.
fn tells_anything_new(line: &str) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return false };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let event = text("event");
    let mut told = TOLD.lock().expect("no thread panics while holding it");
    let reason = told.insert(format!("{event} because of {}", text("reason")));
    fields.keys().fold(reason, |new, field| told.insert(format!("{event} with {field}")) || new)
}
