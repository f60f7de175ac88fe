//! `cargo xtask infra`: what is held about the infrastructure beside its tests.

use std::{env, fs};

use anyhow::{Context as _, bail};
use clap::{Args as ClapArgs, Subcommand};
use infra_check::{parameters, value::Value};
use project::Project;

mod compile;
mod scan;
mod verify;

/// What to do with the infrastructure.
#[derive(ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Refuse parameters that Bicep would take and that are wrong; azd runs it before it provisions.
    Check,
    /// Hold what Azure says of resources (`az rest`, `az resource show`) against the snapshot and the controls.
    Verify(verify::Args),
    /// Compile everything and every choice of parameters; whatever the compiler of Bicep says is a fault.
    Build,
    /// Check each Bicep file alone, by the linter rules of infra/bicepconfig.json.
    Lint,
    /// Write the Bicep files as their compiler does.
    Format {
        /// Only say which are written otherwise.
        #[arg(long)]
        check: bool,
    },
    /// Write down what would be deployed for each choice of parameters (infra/variants), which everything else is held against.
    Snapshot {
        /// Only hold what is committed against what the compiler says now.
        #[arg(long)]
        validate: bool,
    },
    /// Run what others say of infrastructure, workflows, scripts and queries: checkov, zizmor, check-jsonschema, shellcheck,
    /// actionlint, a KQL parser.
    Scan,
}

/// Does what the arguments say.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Check => check(project),
        Command::Verify(args) => verify::run(project, args),
        Command::Build => compile::build(project),
        Command::Lint => compile::lint(project),
        Command::Format { check } => compile::format(project, *check),
        Command::Snapshot { validate } => compile::snapshot(project, *validate),
        Command::Scan => scan::run(project),
    }
}

fn check(project: &Project) -> anyhow::Result<()> {
    let path = project.root().join("infra/main.parameters.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let filled = parameters::expand_variables(&text, |name| env::var(name).ok());
    let json: serde_json::Value =
        serde_json::from_str(&filled).with_context(|| format!("{} is no JSON", path.display()))?;
    let given = json.get("parameters").map_or(Value::Null, Value::from);
    all_well(&parameters::find_errors(&given), "infra/main.parameters.json")?;
    println!("nothing dangerous is asked for");
    Ok(())
}

fn all_well(faults: &[String], about: &str) -> anyhow::Result<()> {
    for fault in faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults in {about}", faults.len());
    }
    Ok(())
}
