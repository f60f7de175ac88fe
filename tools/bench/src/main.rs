//! Measures the worker beside what limits it and beside what one would use in its place, all in one run, on one
//! machine, by one load generator. `cargo xtask bench` builds everything and runs this.

mod app;
mod bloat;
mod compare;
mod database;
mod report;
mod goals;
mod growth;
mod host_overhead;
mod alternating;
mod load;
mod machine;
mod pgbench;
mod plot;
mod process;
mod processes;
mod queue;
mod raw_data;
mod requests;
mod rounds;
mod equivalence;
mod sample;
mod token_validation;
mod server;
mod startup;
mod statement;
mod http;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Parser;

use crate::{
    database::Database,
    load::Load,
    machine::Machine,
    pgbench::Pgbench,
    report::Report,
    requests::Caller,
    rounds::{Participants, Size},
    server::{Peer, Programs},
    statement::Statements,
};

/// Measures the worker beside its limits and its peers.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Args {
    /// The repository.
    #[arg(long)]
    root: PathBuf,
    /// cargo's output folder; tools are installed and raw data is kept there.
    #[arg(long)]
    target: PathBuf,
    /// The worker as it ships.
    #[arg(long)]
    worker: PathBuf,
    /// One short round instead of three: to see that it runs, not for figures.
    #[arg(long)]
    quick: bool,
    /// Only the way through the emulator.
    #[arg(long)]
    host: bool,
    /// How the cost of each function grows with the stored orders, and nothing else.
    #[arg(long)]
    growth: bool,
    /// With `--growth`: ten million orders too.
    #[arg(long, requires = "growth")]
    large: bool,
    /// Several worker processes on one database, and nothing else.
    #[arg(long)]
    processes: bool,
    /// Charts for the documents of what was measured before, and nothing else.
    #[arg(long)]
    plot: bool,
    /// What checking tokens costs, and nothing else.
    #[arg(long)]
    token_validation: bool,
    /// Another worker to measure beside this one, and nothing else.
    #[arg(long)]
    compare: Option<PathBuf>,
    /// What the tables take after so many fulfilled orders, and nothing else.
    #[arg(long, value_name = "ORDERS")]
    bloat: Option<i64>,
}

/// How much of everything is measured.
#[derive(Clone, Copy, Debug)]
struct Plan {
    size: Size,
    starts: u32,
    messages: u32,
}

impl Plan {
    fn of(quick: bool) -> Self {
        let millis = Duration::from_millis;
        if quick {
            let size = Size { rounds: 1, warm_up: millis(100), time: millis(400) };
            return Self { size, starts: 3, messages: 500 };
        }
        Self {
            size: Size { rounds: 5, warm_up: millis(350), time: millis(1500) },
            starts: 15,
            messages: 4000,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let (plan, began) = (Plan::of(args.quick), Instant::now());
    let release = |name: &str| args.target.join("release").join(name);
    let mut programs =
        Programs { worker: args.worker.clone(), bare_axum: release("bare-axum"), fastify: None };
    if let Some(orders) = args.bloat {
        return bloat::run(&programs.worker, orders).await;
    }
    if args.plot {
        return plot::run(&args.target.join("bench"), &args.root.join("docs/images"));
    }
    if args.growth {
        let options =
            growth::Options { quick: args.quick, large: args.large, folder: args.target.join("bench") };
        return growth::run(&programs, &options).await;
    }
    if args.processes {
        let database = Database::start(&programs.worker).await?;
        return processes::run(&programs, &database, plan.size, &args.target.join("bench")).await;
    }
    if args.token_validation {
        let database = Database::start(&programs.worker).await?;
        return token_validation::run(&args.root, &programs, &database, plan.size).await;
    }
    if let Some(other) = &args.compare {
        let database = Database::start(&programs.worker).await?;
        return compare::run(&programs, other, &database, plan.size).await;
    }
    let place = args.target.join("tools").join("bench-fastify");
    if !args.host {
        match server::install_fastify(&args.root.join("tools/bench/fastify"), &place) {
            Ok(()) => programs.fastify = Some(place),
            Err(error) => println!("LEFT OUT: everything compare Fastify, because {error:#}"),
        }
    }
    let database = Database::start(&programs.worker).await?;
    println!("PostgreSQL from {}, fsync on; logs at level info into a pipe that is read", database.source());
    if args.host {
        database.statements(&programs).await?;
        let host_overhead = host_overhead::run(&args.root, &programs.worker, &database, plan.size).await?;
        let compare_paths = serde_json::to_string_pretty(&host_overhead)?;
        println!("{compare_paths}\n\n{}", host_overhead::summary(&host_overhead));
        return Ok(());
    }
    let statements = database.statements(&programs).await?;
    let pgbench = database.pgbench();
    if pgbench.is_none() {
        println!(
            "LEFT OUT: everything compare pgbench, because it is not there: install Debian's postgresql"
        );
    }
    let prepare = |program| Pgbench::prepare(program, &database.url(), &statements);
    let pgbench = pgbench.map(prepare).transpose()?;
    check_equivalence(&programs, &database, &statements).await?;
    let participants =
        Participants { programs: &programs, database: &database, statements: &statements, pgbench };
    let report = measure(args, plan, &participants).await?;
    let goals = goals::of(&report);
    println!(
        "\n{}\n{}{}",
        report.tables(),
        goals::summary(&goals, &report),
        host_overhead::summary(&report.host_overhead)
    );
    let raw = raw_data::save(&args.target.join("bench"), "", &report)?;
    println!("{} s in all; raw data in {}", began.elapsed().as_secs(), raw.display());
    Ok(())
}

async fn measure(args: &Args, plan: Plan, participants: &Participants<'_>) -> anyhow::Result<Report> {
    let Participants { programs, database, .. } = participants;
    let busy = process::load();
    println!("starts");
    let starts = tokio::task::block_in_place(|| startup::run(programs, &database.url(), plan.starts))?;
    println!("load generator");
    let generator = generator(programs, database, plan.size).await?;
    println!("HTTP");
    let http = participants.run(plan.size).await?;
    let mut queue = Vec::new();
    for round in 0..plan.size.rounds {
        let passed = queue::run(&args.root, &programs.worker, database, round, plan.messages).await?;
        queue.push(passed);
        println!(
            "  round {} of {}, queue: {:.0} messages a second",
            round + 1,
            plan.size.rounds,
            passed.rate
        );
    }
    println!("emulator");
    let host_overhead = host_overhead::run(&args.root, &programs.worker, database, plan.size).await?;
    let size = |path: &Path| Some(fs::metadata(path).ok()?.len());
    Ok(Report {
        machine: Machine::this(),
        busy,
        quick: args.quick,
        generator,
        starts,
        http,
        queue,
        host_overhead,
        binary: size(&programs.worker).context("the worker is not there")?,
        zip: largest_zip(&args.target.join("package")),
    })
}

/// Whether all who are measured answer alike.
async fn check_equivalence(
    programs: &Programs,
    database: &Database,
    statements: &Statements,
) -> anyhow::Result<()> {
    let start = |peer| server::start(peer, programs, &database.url(), 1, Some(statements));
    let worker = start(Peer::Worker)?;
    for peer in [Peer::BareAxum, Peer::SamePool] {
        equivalence::check(&worker, peer, &start(peer)?).await?;
    }
    if programs.fastify.is_some() {
        equivalence::check(&worker, Peer::Fastify, &start(Peer::Fastify)?).await?;
    }
    Ok(())
}

/// How fast the load generator is on an answer that costs nothing: it must be far above everything measured with it.
async fn generator(programs: &Programs, database: &Database, size: Size) -> anyhow::Result<f64> {
    let server = server::start(Peer::BareAxum, programs, &database.url(), 1, None)?;
    let load = Load { clients: 16, warm_up: size.warm_up, time: size.time, every: None };
    let ping = |_| {
        let caller = Caller::with("");
        let ping: load::Requests = Box::new(move |request| caller.write(request, "GET /", "0", "", ""));
        ping
    };
    Ok(load.on(server.address(), 200, ping).await?.rate)
}

/// The larger of the packaged apps.
fn largest_zip(folder: &Path) -> Option<u64> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let zips = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "zip"));
    zips.filter_map(|zip| Some(zip.metadata().ok()?.len())).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of every operation by everybody, at every number of clients: two read and two write, and two peers only read.
    const RUNS_A_ROUND: u32 = 3 * (2 * 5 + 2 * 3);

    #[test]
    fn runs_stay_within_their_time_budget() {
        for (quick, seconds) in [(false, 600), (true, 60)] {
            let Plan { size, .. } = Plan::of(quick);
            let runs = (size.warm_up + size.time) * RUNS_A_ROUND * size.rounds;
            assert!(runs.as_secs() * 4 < seconds * 3, "a quarter is left for starts and queues: {runs:?}");
        }
    }

    #[test]
    fn five_rounds_by_default_and_one_when_quick() {
        let arguments = ["bench", "--root", ".", "--target", "target", "--worker", "orders-worker"];
        let args = Args::parse_from(arguments);
        assert_eq!(Plan::of(args.quick).size.rounds, 5);
        let args = Args::parse_from(arguments.iter().chain(&["--quick"]));
        assert_eq!(Plan::of(args.quick).size.rounds, 1);
    }

    #[test]
    fn the_larger_package_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(largest_zip(&folder.path().join("package")), None);
        for (name, length) in [("api.zip", 10), ("processor.zip", 20), ("sbom.json", 99)] {
            fs::write(folder.path().join(name), vec![0; length]).expect("written");
        }
        assert_eq!(largest_zip(folder.path()), Some(20));
    }
}
