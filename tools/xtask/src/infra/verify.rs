//! `cargo xtask infra verify`: compares what Azure reports now with what would be deployed.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args as ClapArgs, ValueEnum};
use infra_check::{
    live::{self, Drift},
    variants::{self, FeatureSet, Variant},
};
use project::Project;

#[derive(ClapArgs)]
pub(super) struct Args {
    /// Files with a resource or a list of resources each.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The size that was deployed.
    #[arg(long, default_value = "production")]
    size: Size,
    /// The plan that was deployed.
    #[arg(long, default_value = "flex")]
    plan: Plan,
    /// The network that was deployed.
    #[arg(long, default_value = "private-endpoints")]
    network: Network,
    /// The choice of parameters that was deployed, one of infra/variants, in place of size, plan and network.
    #[arg(long, conflicts_with_all = ["size", "plan", "network"])]
    variant: Option<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Size {
    Small,
    Production,
}

#[derive(Clone, Copy, ValueEnum)]
enum Plan {
    Flex,
    Dedicated,
}

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    PrivateEndpoints,
    ServiceEndpoints,
}

pub(super) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let variant = args.variant()?;
    let expected = variant.read_deployment(project.root())?;
    let read =
        |path: &PathBuf| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let texts: Vec<String> = args.files.iter().map(read).collect::<anyhow::Result<_>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let drifts = live::verify(&texts, variant, &expected)?;
    if drifts.is_empty() {
        println!("Azure says what {} deploys, and every control about these resources holds", variant.name);
        return Ok(());
    }
    println!("--- {}\n+++ what Azure says", variant.snapshot_path());
    drifts.iter().for_each(print);
    bail!("{} properties are not what was deployed: provision again, or look who changed them", drifts.len())
}

fn print(drift: &Drift) {
    let about = format!("{} {}: {}", drift.kind, drift.resource, drift.property);
    println!("{}", format!("@@ {about} {}", drift.controls.join(", ")).trim_end());
    println!("-{}\n+{}", drift.expected, drift.found);
}

impl Args {
    fn variant(&self) -> anyhow::Result<Variant> {
        let all = variants::all_variants();
        let name = match (&self.variant, self.size) {
            (Some(name), _) => name.as_str(),
            (None, Size::Small) => "flex-small",
            (None, Size::Production) => return self.production(&all),
        };
        let names: Vec<_> = all.iter().map(|variant| variant.name).collect();
        let found = all.iter().copied().find(|variant| variant.name == name);
        found.with_context(|| format!("there is no `{name}`, only {}", names.join(", ")))
    }

    fn production(&self, all: &[Variant]) -> anyhow::Result<Variant> {
        let plan = match self.plan {
            Plan::Flex => variants::FLEX_PLAN,
            Plan::Dedicated => variants::DEDICATED_PLAN,
        };
        let network = match self.network {
            Network::PrivateEndpoints => variants::PRIVATE_ENDPOINTS_NETWORK,
            Network::ServiceEndpoints => variants::SERVICE_ENDPOINTS_NETWORK,
        };
        let is_it = |variant: &&Variant| {
            (variant.size, variant.plan, variant.network) == (variants::Size::Production, plan, network)
                && variant.features == FeatureSet::Plain
        };
        let found = all.iter().find(is_it).copied();
        found.with_context(|| format!("no snapshot has the plan `{plan}` with the network `{network}`"))
    }
}
