//! `cargo xtask chaos`: many clients, two workers, every fault that can be thought of, and a checker that compares what
//! was acknowledged with what is kept.
//!
//! The seed decides what clients send and when faults strike, counted in operations; how threads and processes
//! interleave it cannot decide, so a seed makes a finding likely to come again and not certain.

mod caller;
mod calls;
mod check;
mod clients;
mod dice;
mod faults;
mod journal;
mod operations;
mod pool;
mod prove;
mod record;
mod rest;
mod run;
mod story;
mod world;

use std::{env, path::PathBuf};

use anyhow::{Context as _, ensure};

pub(crate) use self::world::stage;

use self::run::{Outcome, Size};
use crate::project::{Profile, Project};

/// The seed of a run for which none is given: CI finds the same things as a developer.
const SEED: u64 = 1;

/// Stories that are told in full; more of them say little more.
const STORIES: usize = 3;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Operations that have to be answered, at least.
    #[arg(long, default_value_t = 2000)]
    operations: u64,
    /// Workers that are killed on the way.
    #[arg(long, default_value_t = 30)]
    kills: u64,
    /// What everything is drawn from.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// The longest that clients work, in seconds; a run that is cut short fails.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Instead, plant faults in the worker and see that each is found.
    #[arg(long)]
    prove: bool,
}

/// Runs, checks and tells; or proves that the checker can find something.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    if args.prove {
        return prove::run(project, args.seed).await;
    }
    let worker = worker(project)?;
    let size = Size { operations: args.operations, kills: args.kills, seconds: args.seconds };
    println!("seed {}: {} operations, {} kills", args.seed, args.operations, args.kills);
    let outcome = Box::pin(run::run(project, &worker, size, args.seed, None)).await?;
    println!("{}", outcome.summary());
    tell(project, &outcome, args.seed)?;
    println!(
        "every promise held; `cargo xtask chaos --seed {}` tries another run",
        args.seed.wrapping_add(1)
    );
    Ok(())
}

/// The binary under test: the release build, or the one that was asked for, as in the scenario tests.
pub(crate) fn worker(project: &Project) -> anyhow::Result<PathBuf> {
    if let Some(given) = env::var_os("WORKER_UNDER_TEST") {
        return Ok(PathBuf::from(given));
    }
    let built = project.build_worker(Profile::Release).status().context("cannot start cargo")?;
    ensure!(built.success(), "the release build failed: mend what cargo says above");
    Ok(project.worker(Profile::Release))
}

/// Prints what was broken, and fails if anything was.
fn tell(project: &Project, outcome: &Outcome, seed: u64) -> anyhow::Result<()> {
    let journal = project.target().join("chaos").join(format!("{seed}.jsonl"));
    outcome.evidence.pages.write(&journal)?;
    if outcome.violations.is_empty() {
        return Ok(());
    }
    for violation in &outcome.violations {
        let order = violation.order.as_deref().unwrap_or("the app");
        println!("BROKEN: {} ({order}): {}", violation.promise, violation.found);
    }
    let mut told: Vec<&str> =
        outcome.violations.iter().filter_map(|broken| broken.order.as_deref()).collect();
    told.dedup();
    for order in told.into_iter().take(STORIES) {
        println!("\nthe story of {order}\n{}", story::of(order, &outcome.evidence));
    }
    anyhow::bail!(
        "seed {seed}: {} promises broken; every call is in {}; `cargo xtask chaos --seed {seed}` draws the same again",
        outcome.violations.len(),
        journal.display(),
    )
}
