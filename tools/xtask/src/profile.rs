//! `cargo xtask profile`: the instructions of a request in the worker, by function, and a flame graph of them.

mod flame_graph;
mod table;

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use project::{Profile, Project};

use crate::callgrind::{Bench, Valgrind};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many requests of each kind are counted.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
    /// How many functions each table lists.
    #[arg(long, default_value_t = 40)]
    functions: usize,
    /// Also list who calls the functions whose names contain this.
    #[arg(long, value_name = "WORD")]
    callers: Option<String>,
    /// A worker that is built already, with the names of its functions in it.
    #[arg(long, value_name = "PROGRAM")]
    worker: Option<PathBuf>,
}

/// Builds the worker with names, and prints where its instructions go.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let valgrind = Valgrind::find(project)?;
    let worker = match &args.worker {
        Some(worker) => worker.clone(),
        None => build(project)?,
    };
    let folder = project.target_folder().join("profile");
    fs::create_dir_all(&folder).context("cannot make the folder of the flame graphs")?;
    let bench = Bench::start(&valgrind, &worker).await?;
    for (request, counts) in bench.of_each(args.requests).await? {
        let function = request.function();
        println!("{function}: {} instructions a request\n", counts.total);
        println!("{}", table::own(&counts, args.functions));
        println!("{}", table::inclusive(&counts, args.functions));
        if let Some(word) = &args.callers {
            println!("{}", table::callers(&counts, word, args.functions));
        }
        let picture = folder.join(format!("{function}.svg"));
        fs::write(&picture, flame_graph::svg(function, &counts)).context("cannot write a flame graph")?;
        println!("flame graph: {}\n", picture.display());
    }
    Ok(())
}

fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let built = project.build_worker(Profile::Profiling).status().context("cannot start cargo")?;
    ensure!(built.success(), "the build failed: fix what cargo says above");
    Ok(project.worker_binary(Profile::Profiling))
}
