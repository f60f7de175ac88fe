//! Messages from one run to another, as a file that users can read and write:
//! `{"queues": {"<name>": ["<text as it lies in the queue>", …]}}`.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::{Context as _, bail};
use functions_emulator::{
    app::App,
    queues::{Connections, MemoryQueues, Queues},
};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    queues: BTreeMap<String, Vec<String>>,
}

/// Puts every message of a file. A file that is exported to may be missing: it is made at the end.
pub(super) fn import(path: &Path, export: Option<&Path>, queues: &MemoryQueues) -> anyhow::Result<()> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && export == Some(path) => return Ok(()),
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let file: File = serde_json::from_str(&text).with_context(|| {
        format!("{} must look like {{\"queues\": {{\"name\": [\"text\"]}}}}", path.display())
    })?;
    for (queue, texts) in file.queues {
        for text in texts {
            queues
                .put(&queue, text)
                .with_context(|| format!("a message of {queue} in {}", path.display()))?;
        }
    }
    Ok(())
}

/// Writes every message that is left, received ones included.
pub(super) fn export(path: &Path, queues: &MemoryQueues) -> anyhow::Result<()> {
    let texts = |queue: String| {
        let texts: Vec<String> = queues.peek(&queue).into_iter().map(|message| message.text).collect();
        (queue, texts)
    };
    let file = File {
        queues: queues.names().into_iter().map(texts).filter(|(_, texts)| !texts.is_empty()).collect(),
    };
    fs::write(path, serde_json::to_string_pretty(&file)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The queues in this process, where all of the app's are.
pub(super) fn require_in_process<'a>(app: &App, queues: &'a Connections) -> anyhow::Result<&'a MemoryQueues> {
    for (queue, connection) in app.queue_bindings() {
        if let Queues::Storage(_) = queues.queues(connection)? {
            bail!(
                "the queue {queue} is at the server of {connection}, which keeps its messages; leave --import and \
                 --export out"
            );
        }
    }
    Ok(queues.in_process())
}
