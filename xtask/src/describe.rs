//! `cargo xtask describe`: writes docs/openapi.json and docs/events.md anew. The tests that hold the copies against the
//! worker also make them.

use anyhow::{Context as _, ensure};

use crate::project::{Project, WORKER};

const TESTS: [&str; 2] =
    ["the_committed_copy_is_what_the_worker_answers", "the_committed_list_of_events_is_what_can_be_logged"];

/// Runs those tests in the way that writes.
pub(crate) fn run(project: &Project) -> anyhow::Result<()> {
    let mut test = project.cargo();
    test.args(["test", "--quiet", "--package", WORKER, "--lib", "--"]).args(TESTS).env("REWRITE", "1");
    let status = test.status().context("cannot start cargo")?;
    ensure!(status.success(), "the description could not be made: mend what cargo says above");
    println!(
        "docs/openapi.json and docs/events.md are what the worker answers and logs; see what changed with `git diff docs`"
    );
    Ok(())
}
