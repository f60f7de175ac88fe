//! The stages of `cargo xtask test`, and the commands of each.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use project::{APP_UNDER_TEST_VARIABLE, Project, WORKER_NAME, WORKER_UNDER_TEST_VARIABLE};
use test_servers::{PgBouncer, Postgres, postgres};

use super::{
    evidence, kept_log,
    selection::{
        BEHIND_PGBOUNCER, IN_A_MINIMAL_ROOT, ON_A_QUEUE_SERVER, ON_POSTGRES, ON_POSTGRES_ANYWAY, OTHER_MODES,
        POOLER,
    },
};
use crate::{licences, package, release::Release};

/// The scenarios alone. Of the whole workspace, as everything else: with the features that one package asks for, half of
/// it would be compiled once more.
const SCENARIOS: [&str; 6] = ["test", "--locked", "--workspace", "--no-fail-fast", "--test", "suite"];

/// How many tests of one program run at once.
const THREADS: &str = "RUST_TEST_THREADS";

/// The stage that runs the tests of all crates; it keeps what the stage `evidence` reads.
pub(super) const TESTS: &str = "tests";

/// One stage: commands that must all succeed.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    /// As CONTRIBUTING.md says it.
    pub(super) does: &'static str,
    /// How long it takes on two processors after an earlier run, where this checkout has not run it yet.
    pub(super) seconds: u64,
    /// Whether `--quick` runs it.
    pub(super) quick: bool,
    pub(super) advice: &'static str,
    /// Whether its commands run beside each other.
    pub(super) at_once: bool,
    pub(super) commands: fn(&Project) -> anyhow::Result<Vec<Command>>,
}

impl Stage {
    /// What it does, without Markdown: of a link, its words.
    pub(super) fn summary(&self) -> String {
        let mut words = String::new();
        let mut rest = self.does;
        while let Some((before, after)) = rest.split_once("](") {
            words += before;
            rest = after.split_once(')').map_or("", |(_, after)| after);
        }
        (words + rest).replace(['[', '`'], "")
    }
}

pub(super) const STAGES: [Stage; 15] = [
    Stage {
        name: "format",
        does: "`cargo fmt --check`",
        seconds: 4,
        quick: true,
        advice: "run `cargo fmt --all`",
        at_once: false,
        commands: |project| Ok(vec![cargo(project, &["fmt", "--all", "--check"])]),
    },
    Stage {
        name: "lints",
        does: "clippy, with warnings as errors",
        seconds: 30,
        quick: true,
        advice: "fix what clippy says above",
        at_once: false,
        commands: |project| {
            let clippy =
                ["clippy", "--locked", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
            Ok(vec![cargo(project, &clippy)])
        },
    },
    Stage {
        name: "docs",
        does: "rustdoc, with warnings as errors",
        seconds: 60,
        quick: false,
        advice: "fix what rustdoc says above",
        at_once: false,
        commands: |project| {
            let mut doc = cargo(project, &["doc", "--locked", "--no-deps", "--workspace", "--quiet"]);
            doc.env("RUSTDOCFLAGS", "-D warnings");
            Ok(vec![doc])
        },
    },
    Stage {
        name: "licences",
        does: "the license and the source of every crate, and crates that are banned",
        seconds: 5,
        quick: true,
        advice: "take the crate out, or say in .deny.toml why it may stay",
        at_once: false,
        commands: |project| {
            // Checking offline needs every crate of the lock file, those of other systems too.
            Ok(vec![cargo(project, &["fetch", "--locked", "--quiet"]), licences::check(project)?])
        },
    },
    Stage {
        name: "infrastructure",
        does: "compiles, lints, formats and scans the Bicep; compares the snapshots",
        seconds: 120,
        quick: false,
        advice: "see `cargo xtask infra --help`; its own tests run with the others",
        at_once: false,
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
        does: "the binary that ships, and the tests beside it",
        seconds: 240,
        quick: false,
        advice: "fix what the compiler says above",
        // Its last step uses one processor for minutes.
        at_once: true,
        commands: |project| {
            let tests = cargo(project, &["test", "--locked", "--workspace", "--no-run", "--quiet"]);
            Ok(vec![Release::for_this_machine(project)?.build(project), tests])
        },
    },
    Stage {
        name: "package",
        does: "the packages twice, byte for byte the same, and run in a root that holds nothing else",
        seconds: 120,
        quick: false,
        advice: "see `cargo xtask package`",
        at_once: false,
        commands: packages,
    },
    Stage {
        name: TESTS,
        does: "all tests; the scenarios again on PostgreSQL, and in one mode through PgBouncer",
        seconds: 950,
        quick: false,
        advice: "run one alone with `cargo test NAME -- --nocapture`",
        at_once: false,
        commands: |project| {
            let mut test = cargo(project, &["test", "--locked", "--workspace", "--no-fail-fast"]);
            // The scenarios hold what ships, not what a debugger wants.
            test.envs(under_test(project)?).env(kept_log::GIVEN, kept_log::file(project));
            threads(&mut test);
            let (server, with_node) = (server()?, node()?);
            let left_out: &[&str] = if with_node { &[] } else { &ON_A_QUEUE_SERVER };
            let Some(server) = server else {
                leave_out(&mut test, &[left_out, &ON_POSTGRES].concat());
                return Ok(vec![test]);
            };
            let engines: &[&str] = if pooler(server)? { &["postgres", POOLER] } else { &["postgres"] };
            let needs_pooler: &[&str] = if engines.len() == 1 { &[BEHIND_PGBOUNCER] } else { &[] };
            leave_out(&mut test, &[left_out, needs_pooler].concat());
            test.env(postgres::RUNNING_SERVER_VARIABLE, server.url());
            // The same scenarios once more for each.
            let scenarios = |engine: &str| {
                let mut on_server = cargo(project, &SCENARIOS);
                // What reaches the pooler is alike in every invocation mode.
                let modes: &[&str] = if engine == POOLER { &OTHER_MODES } else { &[] };
                leave_out(&mut on_server, &[left_out, &ON_POSTGRES_ANYWAY, modes].concat());
                on_server
                    .env("TEST_DATABASE", engine)
                    .env(postgres::RUNNING_SERVER_VARIABLE, server.url())
                    .env(kept_log::GIVEN, kept_log::file(project))
                    .envs(under_test(project)?);
                threads(&mut on_server);
                anyhow::Ok(on_server)
            };
            let scenarios = engines.iter().map(|engine| scenarios(engine));
            [Ok(test)].into_iter().chain(scenarios).collect()
        },
    },
    Stage {
        name: "documents",
        does: "the `console` blocks of the documents, which have to print what they show",
        seconds: 60,
        quick: false,
        advice: "correct the document or the program, and run `cargo xtask docs --check DOCUMENT` alone",
        at_once: false,
        commands: |project| {
            Ok(vec![cargo(project, &["run", "--quiet", "--package", "xtask", "--", "docs", "--check"])])
        },
    },
    Stage {
        name: "evidence",
        does: "the tests that [controls.md](docs/controls.md) names have run and passed",
        seconds: 1,
        quick: false,
        advice: "",
        at_once: false,
        commands: |project| {
            evidence::check(project)?;
            kept_log::check(project).map(|()| Vec::new())
        },
    },
    Stage {
        name: "clock",
        does: "scenarios with a clock that jumps",
        seconds: 45,
        quick: false,
        advice: "run it alone: `WORKER_UNDER_TEST=target/chaos/shifted-clock-orders-worker cargo test --workspace --test suite \
                 clock:: -- --ignored`",
        at_once: false,
        commands: |project| {
            let worker = project.with_shifted_clock()?;
            let jumping = |left_out: &[&str]| {
                let mut test = cargo(project, &SCENARIOS);
                test.arg("clock::").env(WORKER_UNDER_TEST_VARIABLE, &worker);
                leave_out(&mut test, left_out);
                test.arg("--ignored");
                test
            };
            let Some(server) = server()? else { return Ok(vec![jumping(&ON_POSTGRES)]) };
            let mut on_server = jumping(&ON_POSTGRES_ANYWAY);
            on_server.env("TEST_DATABASE", "postgres").env(postgres::RUNNING_SERVER_VARIABLE, server.url());
            Ok(vec![jumping(&[]), on_server])
        },
    },
    Stage {
        name: "chaos",
        does: "kills and faults under load, then broken promises that have to be found",
        seconds: 240,
        quick: false,
        advice: "read the story above; the same command with the printed --seed draws the same faults again",
        at_once: false,
        commands: |project| {
            let chaos = |more: &[&str]| {
                let mut chaos = cargo(project, &["run", "--quiet", "--package", "chaos", "--"]);
                chaos.args(more).env_remove(WORKER_UNDER_TEST_VARIABLE);
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
        does: "thousands of requests made from `docs/openapi.json`",
        seconds: 50,
        quick: false,
        advice: "fix the worker or its description; the printed --seed sends the same again",
        at_once: false,
        commands: |project| {
            let mut fuzz = cargo(project, &["run", "--quiet", "--package", "xtask", "--", "fuzz-api"]);
            fuzz.envs(under_test(project)?);
            Ok(vec![fuzz])
        },
    },
    Stage {
        name: "console",
        does: "the emulator's console in Chromium and Firefox",
        seconds: 110,
        quick: false,
        advice: "look at the pictures in target/console, and run `cargo xtask console` alone",
        at_once: false,
        commands: |project| {
            let mut console = cargo(project, &["run", "--quiet", "--package", "xtask", "--", "console"]);
            console.envs(under_test(project)?);
            Ok(vec![console])
        },
    },
    Stage {
        name: "measurements",
        does: "size, start, memory and instructions of the binary, compared with their limits",
        seconds: 60,
        quick: false,
        advice: "see `cargo xtask measure`",
        at_once: false,
        commands: |project| {
            Ok(vec![cargo(project, &["run", "--quiet", "--package", "xtask", "--", "measure", "--check"])])
        },
    },
];

/// The packages, the same ones again, and what they do in a place where there is nothing else.
fn packages(project: &Project) -> anyhow::Result<Vec<Command>> {
    if !Release::for_this_machine(project)?.ships() {
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
        alone.args([IN_A_MINIMAL_ROOT, "--", "--ignored", "--test-threads", "1"]).envs(under_test(project)?);
        commands.push(alone);
    }
    Ok(commands)
}

/// Lets tests run what was packaged; the release build where nothing is.
fn under_test(project: &Project) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let release = Release::for_this_machine(project)?;
    if !release.ships() {
        return Ok(vec![(WORKER_UNDER_TEST_VARIABLE, release.worker(project))]);
    }
    let app = package::laid_out(project);
    Ok(vec![(WORKER_UNDER_TEST_VARIABLE, app.join(WORKER_NAME)), (APP_UNDER_TEST_VARIABLE, app)])
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

/// Whether there is a PgBouncer, said as of the server.
fn pooler(server: &Postgres) -> anyhow::Result<bool> {
    match PgBouncer::start(server, &[]) {
        Ok(pooler) => {
            println!("PgBouncer: {}.{}", pooler.version().0, pooler.version().1);
            Ok(true)
        }
        Err(error) if std::env::var_os("CI").is_none() => {
            println!("NOT TESTED: everything behind PgBouncer, because {error}");
            Ok(false)
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
pub(super) fn threads(test: &mut Command) {
    if std::env::var_os(THREADS).is_none() {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        test.env(THREADS, (2 * processors).to_string());
    }
}

/// Leaves tests out by what stands in their names; what follows is for their harness.
pub(super) fn leave_out(test: &mut Command, words: &[&str]) {
    test.arg("--").args(words.iter().flat_map(|word| ["--skip", word]));
}

pub(super) fn cargo(project: &Project, arguments: &[&str]) -> Command {
    let mut command = project.cargo();
    command.args(arguments);
    command
}
