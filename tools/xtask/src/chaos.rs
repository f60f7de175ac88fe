//! `cargo xtask chaos`: many clients under kills and faults. It is a program of its own, so that no other command
//! compiles it.

use std::ffi::OsString;

use anyhow::Context as _;
use project::Project;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// `--operations N`, `--kills N`, `--seed S`, `--prove` and more; see `cargo xtask chaos --help`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Compiles the program and hands everything over to it.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let mut chaos = project.cargo();
    chaos.args(["run", "--quiet", "--package", "chaos", "--"]).args(&args.arguments);
    let status = chaos.status().context("cannot start cargo")?;
    anyhow::ensure!(status.success(), "chaos stopped: see above");
    Ok(())
}
