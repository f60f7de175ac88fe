//! `cargo xtask docs`: draws names and sentences for a reader's test, and runs what the documents show.

mod blocks;
mod check;
mod comments;
mod items;
mod mask;
mod prose;
mod sample;
mod session;

use project::Project;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct Args {
    /// Print twenty public items and twenty sentences; the same seed draws the same ones.
    #[arg(long, value_name = "SEED", group = "what")]
    sample: Option<u64>,
    /// With the doc comments of the items.
    #[arg(long, requires = "sample")]
    comments: bool,
    /// Run the `console` blocks of the documents, and compare what they print with what is shown.
    #[arg(long, group = "what")]
    check: bool,
    /// These documents alone, for example README.md.
    #[arg(value_name = "DOCUMENT", requires = "check")]
    documents: Vec<String>,
}

/// Draws, or checks.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    match args.sample {
        Some(seed) => sample::run(project, seed, args.comments),
        None => check::run(project, &args.documents),
    }
}
