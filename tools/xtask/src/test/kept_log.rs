//! Alerts and hunting queries read the worker's log, so each is held against lines that workers wrote in this run.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use infra_check::queries::QueryFields;
use project::{Project, read};
use serde_json::Value;

/// Names the file to the scenarios, which keep each line there that tells something new.
pub(super) const GIVEN: &str = "KEPT_LOG";

const QUERIES: &str = "infra/queries";

/// Where the lines of this run are kept.
pub(super) fn file(project: &Project) -> PathBuf {
    project.target_folder().join("kept-log.jsonl")
}

/// Fails unless every event, field and reason that a query reads was logged in this run.
pub(super) fn check(project: &Project) -> anyhow::Result<()> {
    let lines = lines(&read(&file(project))?)?;
    let folder = project.root().join(QUERIES);
    let (mut queries, mut missing) = (0, Vec::new());
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let reads = QueryFields::parse(&read(&path)?);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        missing.extend(reads.missing(&lines).into_iter().map(|what| format!("{name} reads {what}")));
        queries += 1;
    }
    ensure!(
        missing.is_empty(),
        "no worker of this run logged what queries read; correct {QUERIES}, or add a scenario:\n  {}",
        missing.join("\n  ")
    );
    println!("what {queries} queries read was logged in this run: {} lines of it are kept", lines.len());
    Ok(())
}

fn lines(kept: &str) -> anyhow::Result<Vec<Value>> {
    let read = |line| serde_json::from_str(line).with_context(|| format!("no JSON was logged: {line}"));
    kept.lines().map(read).collect()
}
