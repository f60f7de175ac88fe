//! `cargo xtask test`: everything that CI runs, in sequence, up to the first failure.

mod evidence;
mod kept_log;

#[cfg(test)]
mod tests;

use std::{
    fs::File,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use project::{APP_UNDER_TEST, Project, WORKER, WORKER_UNDER_TEST};
use test_servers::{Postgres, postgres};

use crate::{licences, package, release::Release};

/// In the names of the tests that run on a queue server, and of no others.
const ON_A_QUEUE_SERVER: [&str; 3] = ["queue_server", "storage_functions::", "queues::storage::tests::"];
/// The same on PostgreSQL.
const ON_POSTGRES: [&str; 10] = [
    "::postgres",
    "_on_postgres",
    "canaries::",
    "database_faults::",
    "database_tls::",
    "database_token::",
    "doctor::database::a_server_behind_tls",
    "doctor::database::schema_and_grants",
    "databases_are_fresh_and_leave_with_their_test",
    "a_crash_loses_connections",
];

/// On PostgreSQL whatever the engine of the run: once is enough.
const ON_POSTGRES_ANYWAY: [&str; 2] = ["database_faults::", "_on_postgres"];

/// The scenarios alone. Of the whole workspace, as everything else: with the features that one package asks for, half of
/// it would be compiled once more.
const SCENARIOS: [&str; 6] = ["test", "--locked", "--workspace", "--no-fail-fast", "--test", "suite"];

/// How many tests of one program run at once.
const THREADS: &str = "RUST_TEST_THREADS";

/// The stage that runs the tests of all crates; it keeps what the stage `evidence` reads.
const TESTS: &str = "tests";

/// One stage: commands that must all succeed.
struct Stage {
    name: &'static str,
    advice: &'static str,
    commands: fn(&Project) -> anyhow::Result<Vec<Command>>,
}

const STAGES: [Stage; 14] = [
    Stage {
        name: "format",
        advice: "run `cargo fmt --all`",
        commands: |project| Ok(vec![cargo(project, &["fmt", "--all", "--check"])]),
    },
    Stage {
        name: "lints",
        advice: "fix what clippy says above",
        commands: |project| {
            let clippy =
                ["clippy", "--locked", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
            Ok(vec![cargo(project, &clippy)])
        },
    },
    Stage {
        name: "docs",
        advice: "fix what rustdoc says above",
        commands: |project| {
            let mut doc = cargo(project, &["doc", "--locked", "--no-deps", "--workspace", "--quiet"]);
            doc.env("RUSTDOCFLAGS", "-D warnings");
            Ok(vec![doc])
        },
    },
    Stage {
        name: "licences",
        advice: "take the crate out, or say in .deny.toml why it may stay",
        commands: |project| {
            // Checking offline needs every crate of the lock file, those of other systems too.
            Ok(vec![cargo(project, &["fetch", "--locked", "--quiet"]), licences::check(project)?])
        },
    },
    Stage {
        name: "infrastructure",
        advice: "see `cargo xtask infra --help`; its own tests run with the others",
        commands: |project| {
            let infra = |words: &[&str]| {
                let mut command = cargo(project, &["run", "--quiet", "--package", "xtask", "--", "infra"]);
                command.args(words);
                command
            };
            let stages: [&[&str]; 5] =
                [&["build"], &["lint"], &["format", "--check"], &["snapshot", "--validate"], &["scan"]];
            Ok(stages.map(infra).into())
        },
    },
    Stage {
        name: "release build",
        advice: "fix what the compiler says above",
        commands: |project| Ok(vec![Release::that_runs_here(project)?.build(project)]),
    },
    Stage { name: "package", advice: "see `cargo xtask package`", commands: packages },
    Stage {
        name: TESTS,
        advice: "run one alone with `cargo test NAME -- --nocapture`",
        commands: |project| {
            let mut test = cargo(project, &["test", "--locked", "--workspace", "--no-fail-fast"]);
            // The scenarios hold what ships, not what a debugger wants.
            test.envs(under_test(project)?)
                .env(kept_log::GIVEN, kept_log::file(project))
                .env(THREADS, threads());
            let (server, with_node) = (server()?, node()?);
            let left_out: &[&str] = if with_node { &[] } else { &ON_A_QUEUE_SERVER };
            let Some(server) = server else {
                leave_out(&mut test, &[left_out, &ON_POSTGRES].concat());
                return Ok(vec![test]);
            };
            leave_out(&mut test, left_out);
            test.env(postgres::GIVEN, server.url());
            // The other engine: the same scenarios once more.
            let mut on_server = cargo(project, &SCENARIOS);
            leave_out(&mut on_server, &[left_out, &ON_POSTGRES_ANYWAY].concat());
            on_server
                .env("TEST_DATABASE", "postgres")
                .env(postgres::GIVEN, server.url())
                .env(kept_log::GIVEN, kept_log::file(project))
                .env(THREADS, threads())
                .envs(under_test(project)?);
            Ok(vec![test, on_server])
        },
    },
    Stage {
        name: "evidence",
        advice: "",
        commands: |project| {
            evidence::check(project)?;
            kept_log::check(project).map(|()| Vec::new())
        },
    },
    Stage {
        name: "clock",
        advice: "run it alone: `WORKER_UNDER_TEST=target/chaos/shifted-clock-orders-worker cargo test --workspace --test suite \
                 clock:: -- --ignored`",
        commands: |project| {
            let worker = project.with_shifted_clock()?;
            let jumping = |left_out: &[&str]| {
                let mut test = cargo(project, &SCENARIOS);
                test.arg("clock::").env(WORKER_UNDER_TEST, &worker);
                leave_out(&mut test, left_out);
                test.arg("--ignored");
                test
            };
            let Some(server) = server()? else { return Ok(vec![jumping(&ON_POSTGRES)]) };
            let mut on_server = jumping(&ON_POSTGRES_ANYWAY);
            on_server.env("TEST_DATABASE", "postgres").env(postgres::GIVEN, server.url());
            Ok(vec![jumping(&[]), on_server])
        },
    },
    Stage {
        name: "chaos",
        advice: "read the story above; the same command with the printed --seed draws the same faults again",
        commands: |project| {
            let chaos = |more: &[&str]| {
                let mut chaos = cargo(project, &["run", "--quiet", "--package", "chaos", "--"]);
                chaos.args(more).env_remove(WORKER_UNDER_TEST);
                chaos
            };
            // The clock of what ships cannot jump; every other fault reaches that one too.
            let mut shipped = chaos(&["--operations", "500", "--kills", "8"]);
            shipped.envs(under_test(project)?);
            Ok(vec![chaos(&[]), shipped, chaos(&["--prove"])])
        },
    },
    Stage {
        name: "description",
        advice: "fix the worker or its description; the printed --seed sends the same again",
        commands: |project| {
            let mut fuzz = cargo(project, &["run", "--quiet", "--package", "xtask", "--", "fuzz-api"]);
            fuzz.envs(under_test(project)?);
            Ok(vec![fuzz])
        },
    },
    Stage {
        name: "console",
        advice: "look at the pictures in target/console, and run `cargo xtask console` alone",
        commands: |project| {
            Ok(vec![cargo(project, &["run", "--quiet", "--package", "xtask", "--", "console"])])
        },
    },
    Stage {
        name: "measurements",
        advice: "see `cargo xtask measure`",
        commands: |project| {
            Ok(vec![cargo(project, &["run", "--quiet", "--package", "xtask", "--", "measure", "--check"])])
        },
    },
];

/// What the help says of them.
pub(crate) fn stages() -> String {
    format!(
        "Stages: {}.\nThe first run takes many minutes, most of them for the release build; later runs a few.",
        names().join(", ")
    )
}

/// What the stages are called.
pub(crate) fn names() -> [&'static str; STAGES.len()] {
    STAGES.map(|stage| stage.name)
}

/// Runs the stages of these names, every one where none is named, and prints how long each took.
pub(crate) fn run(project: &Project, only: &[String]) -> anyhow::Result<()> {
    let is_wanted = |stage: &&Stage| only.is_empty() || only.iter().any(|name| name == stage.name);
    let stages: Vec<_> = STAGES.iter().filter(is_wanted).collect();
    if stages.iter().any(|stage| stage.name == TESTS) {
        for file in [evidence::file(project), kept_log::file(project)] {
            // What an earlier run kept shows nothing of this one.
            File::create(&file).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    let mut taken = Vec::new();
    let outcome = stages.iter().enumerate().try_for_each(|(index, stage)| {
        println!("\n== {} of {}: {}", index + 1, stages.len(), stage.name);
        let start = Instant::now();
        let outcome = stage.run(project);
        taken.push((stage.name, start.elapsed(), outcome.is_ok()));
        outcome
    });
    println!("\n{}", summary(&taken));
    outcome?;
    if !only.is_empty() {
        return Ok(());
    }
    println!("everything holds; see it live with `cargo xtask dev`");
    Ok(())
}

impl Stage {
    fn run(&self, project: &Project) -> anyhow::Result<()> {
        for mut command in (self.commands)(project)? {
            let program = command.get_program().display().to_string();
            let status = evidence::status(&evidence::file(project), &mut command)
                .with_context(|| format!("cannot start {program}: install it"))?;
            anyhow::ensure!(status.success(), "the stage `{}` failed: {}", self.name, self.advice);
        }
        Ok(())
    }
}

/// The packages, the same ones again, and what they do in a place where there is nothing else.
fn packages(project: &Project) -> anyhow::Result<Vec<Command>> {
    if !Release::that_runs_here(project)?.ships() {
        return Ok(Vec::new());
    }
    let pack = |more: &[&str]| {
        let mut pack = cargo(project, &["run", "--quiet", "--package", "xtask", "--", "package"]);
        pack.args(more);
        pack
    };
    let mut first = pack(&["--lay-out"]);
    first.arg(package::laid_out(project));
    let mut commands = vec![first, pack(&["--again"])];
    if root_of_its_own()? && server()?.is_some() {
        let mut alone = cargo(project, &SCENARIOS);
        alone.args(["bare_root", "--", "--ignored", "--test-threads", "1"]).envs(under_test(project)?);
        commands.push(alone);
    }
    Ok(commands)
}

/// Lets tests run what was packaged; the release build where nothing is.
fn under_test(project: &Project) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let release = Release::that_runs_here(project)?;
    if !release.ships() {
        return Ok(vec![(WORKER_UNDER_TEST, release.worker(project))]);
    }
    let app = package::laid_out(project);
    Ok(vec![(WORKER_UNDER_TEST, app.join(WORKER)), (APP_UNDER_TEST, app)])
}

/// Whether a process can be given another root; said loudly where it cannot, and an error where `CI` is set.
fn root_of_its_own() -> anyhow::Result<bool> {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--root", "/", "true"]).stderr(Stdio::null());
    let there = command.status().is_ok_and(|status| status.success());
    if !there {
        let why = "the package in a root of its own, because `unshare --map-root-user --root` fails: install \
                   util-linux and allow user namespaces";
        anyhow::ensure!(std::env::var_os("CI").is_none(), "cannot test {why}");
        println!("NOT TESTED: {why}");
    }
    Ok(there)
}

/// One PostgreSQL for all test binaries of the run; none on a laptop that has none, which is said loudly. Where `CI` is
/// set, nothing is left out.
fn server() -> anyhow::Result<Option<&'static Postgres>> {
    match Postgres::shared() {
        Ok(server) => {
            println!("PostgreSQL: {}", server.source());
            Ok(Some(server))
        }
        Err(error) if std::env::var_os("CI").is_none() => {
            println!("NOT TESTED: everything on PostgreSQL, because {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether Node is there, which runs the queue server; said loudly where it is not, and an error where `CI` is set.
fn node() -> anyhow::Result<bool> {
    let there = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        let why = "everything on a real queue server, because there is no Node: install Node 20 or newer";
        anyhow::ensure!(std::env::var_os("CI").is_none(), "cannot test {why}");
        println!("NOT TESTED: {why}");
    }
    Ok(there)
}

/// Scenarios wait for processes, servers and clocks most of the time, so that a processor has room for several.
fn threads() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::env::var(THREADS).unwrap_or_else(|_| (2 * processors).to_string())
}

/// Leaves tests out by what stands in their names; what follows is for their harness.
fn leave_out(test: &mut Command, words: &[&str]) {
    test.arg("--").args(words.iter().flat_map(|word| ["--skip", word]));
}

fn cargo(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.cargo();
    command.args(arguments);
    command
}

fn summary(taken: &[(&str, Duration, bool)]) -> String {
    let line = |&(name, time, held): &(&str, Duration, bool)| {
        format!("{name:<14} {:>6.1} s  {}", time.as_secs_f64(), if held { "ok" } else { "FAILED" })
    };
    taken.iter().map(line).collect::<Vec<_>>().join("\n")
}
