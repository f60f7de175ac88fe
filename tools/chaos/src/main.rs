//! What `cargo xtask chaos` runs.

use std::process::ExitCode;

use chaos::Args;
use clap::Parser;
use project::Project;

/// Runs many clients under kills and faults, and compares what was acknowledged with what is kept.
#[derive(Parser)]
#[command(name = "chaos", bin_name = "cargo xtask chaos")]
struct Cli {
    #[command(flatten)]
    args: Args,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(chaos::run(&Project::here(), &Cli::parse().args)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
