//! `cargo xtask infra verify`: what Azure says now beside what would be deployed.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args as ClapArgs, ValueEnum};
use infra_check::{
    live::{self, Drift},
    worlds::{self, Beyond, World},
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
    /// The choice of parameters that was deployed, one of infra/worlds, in place of size, plan and network.
    #[arg(long, conflicts_with_all = ["size", "plan", "network"])]
    world: Option<String>,
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
    let world = args.world()?;
    let expected = world.deploy(project.root())?;
    let read =
        |path: &PathBuf| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let texts: Vec<String> = args.files.iter().map(read).collect::<anyhow::Result<_>>()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let drifts = live::verify(&texts, world, &expected)?;
    if drifts.is_empty() {
        println!("Azure says what {} deploys, and every control about these resources holds", world.name);
        return Ok(());
    }
    println!("--- {}\n+++ what Azure says", world.snapshot());
    drifts.iter().for_each(print);
    bail!("{} properties are not what was deployed: provision again, or look who changed them", drifts.len())
}

fn print(drift: &Drift) {
    let about = format!("{} {}: {}", drift.kind, drift.resource, drift.property);
    println!("{}", format!("@@ {about} {}", drift.controls.join(", ")).trim_end());
    println!("-{}\n+{}", drift.expected, drift.found);
}

impl Args {
    fn world(&self) -> anyhow::Result<World> {
        let all = worlds::all();
        let name = match (&self.world, self.size) {
            (Some(name), _) => name.as_str(),
            (None, Size::Small) => "flex-small",
            (None, Size::Production) => return self.production(&all),
        };
        let names: Vec<_> = all.iter().map(|world| world.name).collect();
        let found = all.iter().copied().find(|world| world.name == name);
        found.with_context(|| format!("there is no `{name}`, only {}", names.join(", ")))
    }

    fn production(&self, all: &[World]) -> anyhow::Result<World> {
        let plan = match self.plan {
            Plan::Flex => worlds::FLEX,
            Plan::Dedicated => worlds::DEDICATED,
        };
        let network = match self.network {
            Network::PrivateEndpoints => worlds::PRIVATE_ENDPOINTS,
            Network::ServiceEndpoints => worlds::SERVICE_ENDPOINTS,
        };
        let is_it = |world: &&World| {
            (world.size, world.plan, world.network) == (worlds::Size::Production, plan, network)
                && world.beyond == Beyond::Nothing
        };
        let found = all.iter().find(is_it).copied();
        found.with_context(|| format!("no snapshot has the plan `{plan}` with the network `{network}`"))
    }
}
