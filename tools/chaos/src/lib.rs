//! `cargo xtask chaos`: many clients, two workers, injected faults, and a checker that compares the acknowledged
//! requests with the stored data.
//!
//! The seed decides what clients send and when faults strike, counted in operations; how threads and processes
//! interleave it cannot decide, so a seed makes a finding likely to come again and not certain.

mod api_client;
mod log_listener;
mod check;
mod clients;
mod clocks;
mod rng;
mod engine;
mod faults;
mod journal;
mod operations;
mod known_orders;
mod prove;
mod record;
mod request;
mod quiescence;
mod run;
mod order_trace;
mod cluster;

use std::{env, path::PathBuf};

use project::{Project, WORKER_UNDER_TEST_VARIABLE};

use self::{
    cluster::Setup,
    engine::{Engine, Name, engines},
    run::{Outcome, Size},
};

/// The seed of a run for which none is given: CI finds the same things as a developer.
const SEED: u64 = 1;

/// How many order traces are printed in full; more of them add little.
const MAX_TRACES: usize = 3;

/// How large a run is, and what it is drawn from.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Operations that have to be answered, at least.
    #[arg(long, default_value_t = 2000)]
    operations: u64,
    /// Workers that are killed on the way.
    #[arg(long, default_value_t = 30)]
    kills: u64,
    /// Messages that have to be delivered, at least: more operations, with more of every fault.
    #[arg(long, default_value_t = 0)]
    deliveries: u64,
    /// What everything is drawn from.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// The longest that clients work, in seconds; a run that is cut short fails.
    #[arg(long, default_value_t = 1800)]
    seconds: u64,
    /// Where orders are kept; without it one half of the run is on each.
    #[arg(long)]
    database: Option<Name>,
    /// Instead, plant faults in the worker and see that each is found.
    #[arg(long)]
    prove: bool,
}

/// Runs, checks and reports; or proves that the checker can find something.
///
/// # Errors
/// If a promise is broken, or the run cannot go on.
pub async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    if args.prove {
        return prove::run(project, args.seed).await;
    }
    let (worker, clocks) = worker(project)?;
    let setup = Setup { worker: &worker, clocks, injected_fault: None };
    let engines = engines(args.database)?;
    for engine in &engines {
        let size = args.share(engines.len() as u64);
        println!(
            "seed {} on {}: {} operations, {} kills",
            args.seed,
            engine.name(),
            size.operations,
            size.kills
        );
        let outcome = Box::pin(run::run(project, setup, engine, size, args.seed)).await?;
        println!("{}", outcome.summary());
        tell(project, &outcome, engine, args.seed)?;
    }
    let next = args.seed.wrapping_add(1);
    println!("every invariant held; `cargo xtask chaos --seed {next}` tries another run");
    Ok(())
}

impl Args {
    /// The share of each of this many runs.
    fn share(&self, runs: u64) -> Size {
        Size {
            operations: self.operations.div_ceil(runs),
            kills: self.kills.div_ceil(runs),
            deliveries: self.deliveries.div_ceil(runs),
            seconds: self.seconds,
        }
    }
}

/// The binary under test, and whether its clock can jump: the clock of one that ships cannot.
fn worker(project: &Project) -> anyhow::Result<(PathBuf, bool)> {
    if let Some(given) = env::var_os(WORKER_UNDER_TEST_VARIABLE) {
        println!("the clock stays right, for {WORKER_UNDER_TEST_VARIABLE} names a worker as it ships");
        return Ok((PathBuf::from(given), false));
    }
    Ok((project.with_shifted_clock()?, true))
}

/// Prints what was broken, and fails if anything was.
fn tell(project: &Project, outcome: &Outcome, engine: &Engine, seed: u64) -> anyhow::Result<()> {
    let name = engine.name();
    let journal = project.target_folder().join("chaos").join(format!("{seed}-{}.jsonl", name.to_lowercase()));
    outcome.evidence.entries.write(&journal)?;
    if outcome.violations.is_empty() {
        return Ok(());
    }
    for violation in &outcome.violations {
        let order = violation.order.as_deref().unwrap_or("the app");
        println!("BROKEN: {} ({order}): {}", violation.invariant, violation.found);
    }
    let mut told: Vec<&str> =
        outcome.violations.iter().filter_map(|broken| broken.order.as_deref()).collect();
    told.dedup();
    for order in told.into_iter().take(MAX_TRACES) {
        println!("\nthe order_trace of {order}\n{}", order_trace::of(order, &outcome.evidence));
    }
    anyhow::bail!(
        "seed {seed} on {name}: {} promises broken; every call is in {}; the same command with `--seed {seed}` draws the \
         same again",
        outcome.violations.len(),
        journal.display(),
    )
}
