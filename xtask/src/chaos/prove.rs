//! The proof that the checker can find something: faults planted in the worker, one at a time.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};

use super::{
    run::{self, Size},
    story,
};
use crate::project::{Profile, Project, WORKER};

/// The planted faults, by the names that `src/store/sabotage.rs` knows.
const SABOTAGES: [(&str, &str); 4] = [
    ("outbox-apart", "the outbox row is written after the transaction that changes the status"),
    ("inbox-off", "a message is acted on as often as it comes"),
    ("key-apart", "the idempotency row is written after the transaction that keeps the order"),
    ("commit-late", "an order is acknowledged before it is committed"),
];

/// Enough to meet each planted fault, little enough for every change.
const SMALL: Size = Size { operations: 400, kills: 16, seconds: 120 };

/// Runs that may miss a fault before the checker counts as blind to it.
const TRIES: u64 = 3;

/// Plants each fault and sees it found.
pub(super) async fn run(project: &Project, seed: u64) -> anyhow::Result<()> {
    let worker = build(project)?;
    for (name, meaning) in SABOTAGES {
        let mut found = false;
        for seed in seed..seed.saturating_add(TRIES) {
            let outcome = Box::pin(run::run(project, &worker, SMALL, seed, Some(name))).await?;
            println!("\n{name}, seed {seed}: {meaning}\n{}", outcome.summary());
            if let Some(violation) = outcome.violations.first() {
                println!(
                    "found {} times, first: {}: {}",
                    outcome.violations.len(),
                    violation.promise,
                    violation.found
                );
                if let Some(order) = &violation.order {
                    println!("{}", story::of(order, &outcome.evidence));
                }
                found = true;
                break;
            }
        }
        ensure!(found, "{name} was planted and not found in {TRIES} runs: the checker is blind to it");
    }
    println!("\nevery planted fault was found; `cargo xtask chaos` runs without them");
    Ok(())
}

/// Compiles the worker with its faults and puts it aside: the next ordinary build must find its own in place.
fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let built = project.build_worker(Profile::Dev).args(["--features", "sabotage"]).status();
    ensure!(built.context("cannot start cargo")?.success(), "the build failed: mend what cargo says above");
    let folder = project.target().join("chaos");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let worker = folder.join(format!("sabotaged-{WORKER}"));
    fs::copy(project.worker(Profile::Dev), &worker).context("cannot put the worker aside")?;
    Ok(worker)
}
