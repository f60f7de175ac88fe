//! `cargo xtask fuzz`: hostile input at scale, optimised and with every check on.

use std::ffi::OsString;

use anyhow::Context as _;
use project::Project;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// `TARGET --runs N --seed S`, each optional, or `TARGET --input FILE`; see `cargo xtask fuzz --help`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Hands everything over to the fuzzer, which the first call compiles for some minutes.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let mut fuzz = project.cargo();
    fuzz.args(["run", "--quiet", "--package", "fuzz", "--profile", "checked", "--"]).args(&args.arguments);
    let status = fuzz.status().context("cannot start cargo")?;
    anyhow::ensure!(status.success(), "the fuzzer stopped: see above");
    Ok(())
}
