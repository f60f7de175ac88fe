//! `cargo xtask bench`: the worker beside its limits and its peers.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use project::{Project, WORKER_NAME};

use crate::release::Release;

#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Args {
    /// One short round instead of three: to see that it runs, not for figures.
    #[arg(long)]
    quick: bool,
    /// Only what the emulator costs: rate, latency, idle.
    #[arg(long)]
    host: bool,
    /// Measure only how the cost of each function grows with the stored orders: 10 thousand and 1 million.
    #[arg(long)]
    growth: bool,
    /// With `--growth`: 10 million orders too, which need 30 GB in target/. A run that was stopped goes on filling.
    #[arg(long, requires = "growth")]
    large: bool,
    /// Measure only what 1, 2, 4 and 8 processes on one database take and wait for.
    #[arg(long)]
    processes: bool,
    /// Only draw charts into docs/images, of the newest raw data in target/bench.
    #[arg(long)]
    plot: bool,
    /// Measure only what token validation costs, compared to trusting the header of EasyAuth.
    #[arg(long)]
    token_validation: bool,
    /// Another worker to measure beside this one, such as that of the version before, and nothing else.
    #[arg(long, value_name = "PROGRAM")]
    compare: Option<PathBuf>,
    /// What the tables take after so many fulfilled orders, with and without the settings of `migrate`, and nothing else.
    #[arg(long, value_name = "ORDERS")]
    bloat: Option<u32>,
}

/// Builds the worker as it ships, then those it is measured beside and the program that measures: apart, because what
/// they ask of shared crates must not get into the worker.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let mut peers = project.cargo();
    peers.args(["build", "--release", "--package", "bench", "--package", "bare-axum"]);
    // Charts need no worker.
    let worker = if args.plot {
        project.target_folder().join("release").join(WORKER_NAME)
    } else {
        Release::for_this_machine(project)?.made(project)?
    };
    let built = peers.status().context("cannot start cargo")?;
    ensure!(built.success(), "the release build failed: fix what cargo says above and measure again");
    let mut bench = std::process::Command::new(project.target_folder().join("release").join("bench"));
    bench
        .arg("--root")
        .arg(project.root())
        .arg("--target")
        .arg(project.target_folder())
        .arg("--worker")
        .arg(worker);
    for (wanted, flag) in [
        (args.quick, "--quick"),
        (args.growth, "--growth"),
        (args.large, "--large"),
        (args.processes, "--processes"),
        (args.plot, "--plot"),
        (args.token_validation, "--token-validation"),
        (args.host, "--host"),
    ] {
        if wanted {
            bench.arg(flag);
        }
    }
    if let Some(other) = &args.compare {
        bench.arg("--compare").arg(other);
    }
    if let Some(orders) = args.bloat {
        bench.arg("--bloat").arg(orders.to_string());
    }
    let ended = bench.status().context("cannot start the bench")?;
    ensure!(ended.success(), "the bench failed: see what it says above");
    Ok(())
}
