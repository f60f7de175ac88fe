//! `cargo xtask fuzz`: long campaigns, and one input once more.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::Parser;
use fuzz::{
    campaign::{self, Campaign, Failure},
    corpus,
    targets::{self, FuzzTarget},
};
use terminal::Progress;

/// Runs between two looks at the time.
const STRIDE: u64 = 20_000;

/// Varies the corpus of each decoder until a law breaks or the runs are over.
#[derive(Parser)]
struct Cli {
    /// One target alone: envelope, principal, order, message or cursor.
    #[arg(value_parser = target)]
    target: Option<&'static FuzzTarget>,
    /// Runs of each target.
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// Draws what the run that printed it drew.
    #[arg(long)]
    seed: Option<u64>,
    /// Tries this file once, and nothing else.
    #[arg(long, requires = "target", conflicts_with_all = ["runs", "seed"])]
    input: Option<PathBuf>,
}

fn target(name: &str) -> Result<&'static FuzzTarget, String> {
    let known = || targets::FUZZ_TARGETS.map(|target| target.name).join(", ");
    targets::find_target(name).ok_or_else(|| format!("no such target; there are {}", known()))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match (cli.target, &cli.input) {
        (Some(target), Some(file)) => once(target, file),
        (target, _) => {
            let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..));
            let all: Vec<&'static FuzzTarget> =
                target.map_or_else(|| targets::FUZZ_TARGETS.iter().collect(), |one| vec![one]);
            all.into_iter().try_for_each(|target| long(target, seed, cli.runs))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn once(target: &FuzzTarget, file: &Path) -> Result<(), String> {
    let input = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    campaign::run_input(target, &input).map_err(|why| format!("{}: {why}", target.name))?;
    println!("{}: holds for {}", target.name, file.display());
    Ok(())
}

fn long(target: &FuzzTarget, seed: u64, runs: u64) -> Result<(), String> {
    let name = target.name;
    println!("{name}: {runs} runs with --seed {seed}");
    let corpus =
        corpus::read_inputs(target).map_err(|error| format!("cannot read the corpus of {name}: {error}"))?;
    let start = Instant::now();
    let mut campaign = Campaign::start(target, corpus, seed).map_err(|broken| keep(target, seed, &broken))?;
    let progress = Progress::start("runs", runs);
    while campaign.run_count() < runs {
        campaign
            .run(STRIDE.min(runs - campaign.run_count()))
            .map_err(|broken| keep(target, seed, &broken))?;
        progress.set(campaign.run_count(), &format!("{} paths", campaign.path_count()));
    }
    drop(progress);
    let (done, taken) = (campaign.run_count(), start.elapsed());
    let each = taken / u32::try_from(done).unwrap_or(u32::MAX).max(1);
    println!(
        "{name}: held for {done} runs on {} paths in {taken:.0?}, {each:.1?} a run",
        campaign.path_count()
    );
    Ok(())
}

/// Stores the input, and prints how to try it again.
fn keep(target: &FuzzTarget, seed: u64, broken: &Failure) -> String {
    let Failure { input, run, why } = broken;
    // Cargo's output folder is where this program lies: `<output>/<profile>/fuzz`.
    let program = env::current_exe().unwrap_or_default();
    let folder = program.ancestors().nth(2).unwrap_or(Path::new("target")).join("fuzz");
    let file = folder.join(format!("{}-{seed}-{run}", target.name));
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, input));
    let place = written.map_or_else(|error| format!("not written: {error}"), |()| file.display().to_string());
    format!(
        "{name} broke in run {run} of seed {seed}: {why}\n  input ({} bytes): {place}\n  again: cargo xtask fuzz {name} \
         --input {place}\n  once fixed, keep the input in tools/fuzz/corpus/{name}",
        input.len(),
        name = target.name,
    )
}
