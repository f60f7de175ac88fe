//! `cargo xtask describe`: writes docs/openapi.json anew. The test that holds the copy against the worker's answer also
//! makes it.

use anyhow::{Context as _, ensure};

use crate::project::{Project, WORKER};

const TEST: &str = "the_committed_copy_is_what_the_worker_answers";

/// Runs that test in the way that writes.
pub(crate) fn run(project: &Project) -> anyhow::Result<()> {
    let mut test = project.cargo();
    test.args(["test", "--quiet", "--package", WORKER, "--lib", TEST]).env("REWRITE", "1");
    let status = test.status().context("cannot start cargo")?;
    ensure!(status.success(), "the description could not be made: mend what cargo says above");
    println!("docs/openapi.json is what the worker answers; see what changed with `git diff docs`");
    Ok(())
}
