//! `cargo xtask mutants`: breaks the code that says who is calling and what they may, one small way at a time, and
//! expects a test to notice each.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use project::{NO_DEBUG_INFO_VARIABLE, Project, WORKER_NAME, read};
use serde::de::IgnoredAny;
use terminal::Progress;

use crate::tools;

const VERSION: &str = "27.1.0";
/// Identity, policy and certificates.
const FILES: [&str; 6] = [
    "src/policy.rs",
    "src/pem.rs",
    "src/pem/*.rs",
    "src/rotation/ca_certificates.rs",
    "src/identity.rs",
    "src/identity/**/*.rs",
];
/// Tests in the process, which are quick to build and to run.
pub(crate) const TESTS: [&str; 4] = ["policy::", "pem::", "rotation::", "identity::"];
/// The one of them that waits for a time-out takes as long as all others.
pub(crate) const SKIPPED: &str = "j20_an_unreachable_issuer";
/// The time between two lines on how many were tried.
const INTERVAL: Duration = Duration::from_mins(1);
/// The document that lists mutants that no test notices, each with its reason.
const SURVIVORS: &str = "docs/mutants.md";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// These files alone, for example src/policy.rs; otherwise all of identity, policy and certificates.
    files: Vec<String>,
    /// Try again what was caught before, too.
    #[arg(long)]
    afresh: bool,
}

/// Tries every mutant that no earlier call saw caught, and fails when one survives without a listed reason.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let folder = project.target_folder().join("mutants");
    let seen = folder.join("mutants.out");
    if args.afresh && seen.exists() {
        fs::remove_dir_all(&seen).with_context(|| format!("cannot remove {}", seen.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let files = if args.files.is_empty() { FILES.map(str::to_owned).to_vec() } else { args.files.clone() };
    let mut command = command(project, &tool(project)?, &folder, &files);
    let mut child = command.spawn().context("cannot start cargo-mutants")?;
    let status = thread::scope(|scope| {
        let (ended, end) = mpsc::channel();
        if !io::stdout().is_terminal() {
            let seen = seen.as_path();
            scope.spawn(move || report(seen, &end));
        }
        let status = child.wait();
        drop(ended);
        status
    });
    let status = status.context("cannot wait for cargo-mutants")?;
    // 2 and 3: some mutants lived, or made tests hang.
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "cargo-mutants could not try the mutants: fix what it says above, then run this again and it goes on"
    );
    let missed = read(&seen.join("missed.txt"))?;
    let told = read(&project.root().join(SURVIVORS))?;
    judge(&missed, &told, args.files.is_empty())
}

/// Prints how many mutants were tried, until the tool ends. On a terminal it has a bar of its own.
fn report(seen: &Path, end: &Receiver<Infallible>) {
    let progress = Progress::start("mutants", listed(seen));
    while end.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        progress.set_total(listed(seen));
        progress.set(tried(seen), "");
    }
}

/// How many mutants a run tries: the tool lists them in its folder first.
fn listed(seen: &Path) -> u64 {
    let text = fs::read_to_string(seen.join("mutants.json")).unwrap_or_default();
    serde_json::from_str::<Vec<IgnoredAny>>(&text).map_or(0, |mutants| mutants.len() as u64)
}

/// How many mutants of the run have an outcome.
fn tried(seen: &Path) -> u64 {
    let lines = |name| fs::read_to_string(seen.join(name)).unwrap_or_default().lines().count() as u64;
    ["caught.txt", "missed.txt", "timeout.txt", "unviable.txt"].into_iter().map(lines).sum()
}

fn command(project: &Project, tool: &Path, folder: &Path, files: &[String]) -> Command {
    let mut command = Command::new(tool);
    command.current_dir(project.root()).args([
        "mutants",
        "--package",
        WORKER_NAME,
        "--iterate",
        "--no-shuffle",
    ]);
    // The smallest crate that holds them; one that hangs is caught as well.
    command.args(["--minimum-test-timeout", "60", "--cargo-arg=--lib", "--cargo-arg=--locked", "--output"]);
    command.arg(folder);
    for file in files {
        command.args(["--file", file]);
    }
    command.args(["--", "--"]).args(TESTS).args(["--skip", SKIPPED]);
    command.env("CARGO_TARGET_DIR", folder.join("build")).envs([NO_DEBUG_INFO_VARIABLE]);
    command
}

/// Compares the mutants that no test noticed with the listed ones. Whether a listed mutant is noticed after all shows
/// only when all mutants were tried.
fn judge(missed: &str, told: &str, all: bool) -> anyhow::Result<()> {
    let lived: BTreeSet<String> = missed.lines().map(without_place).collect();
    let may = reasons(told)?;
    let unexplained: Vec<_> = lived.difference(&may).cloned().collect();
    ensure!(
        unexplained.is_empty(),
        "mutants live that no test notices; write one, or a reason into {SURVIVORS}:\n  {}",
        unexplained.join("\n  ")
    );
    let gone: Vec<_> = may.difference(&lived).cloned().collect();
    ensure!(
        !all || gone.is_empty(),
        "{SURVIVORS} lists mutants that are caught or no more; take them out:\n  {}",
        gone.join("\n  ")
    );
    println!("every mutant is caught, but for {} that {SURVIVORS} gives reasons for", lived.len());
    Ok(())
}

/// `src/a.rs:1:2: replace …` as `src/a.rs: replace …`, which stays true when lines move.
fn without_place(mutant: &str) -> String {
    let mut parts = mutant.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(what)) => format!("{file}:{what}"),
        _ => mutant.to_owned(),
    }
}

/// The mutants of the list: "- `mutant`: reason".
fn reasons(told: &str) -> anyhow::Result<BTreeSet<String>> {
    let lines = told.lines().filter_map(|line| line.strip_prefix("- `"));
    lines
        .map(|line| match line.split_once("`: ") {
            Some((mutant, reason)) if !reason.trim().is_empty() => Ok(mutant.to_owned()),
            _ => bail!("{SURVIVORS}: give a reason behind `{line}"),
        })
        .collect()
}

fn tool(project: &Project) -> anyhow::Result<PathBuf> {
    let folder = tools::cargo(project, "cargo-mutants", VERSION)
        .with_context(|| format!("get it with `cargo install --locked cargo-mutants@{VERSION}`"))?;
    Ok(folder.join("bin").join("cargo-mutants"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSED: &str = "\
src/a.rs:1:2: replace || with && in A::b
src/b.rs:30:4: replace b::c -> bool with true
";

    #[test]
    fn a_surviving_mutant_needs_a_reason() {
        let one = "Text.\n\n- `src/a.rs: replace || with && in A::b`: both are the same.\n";
        let both = format!("{one}- `src/b.rs: replace b::c -> bool with true`: as fast.\n");
        let failed = |told: &str| judge(MISSED, told, true).unwrap_err().to_string();
        assert!(judge(MISSED, &both, true).is_ok());
        assert!(failed(one).ends_with("\n  src/b.rs: replace b::c -> bool with true"));
        assert!(failed(&both.replace("as fast.", "")).contains("give a reason"));
    }

    #[test]
    fn the_tools_folder_says_how_many_are_tried() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!((tried(folder.path()), listed(folder.path())), (0, 0), "before the first");
        for (name, text) in [("mutants.json", "[{}, {}, {}]"), ("caught.txt", "a\n"), ("missed.txt", "b\n")] {
            fs::write(folder.path().join(name), text).expect("it is written");
        }
        assert_eq!((tried(folder.path()), listed(folder.path())), (2, 3));
    }

    #[test]
    fn an_obsolete_reason_is_reported() {
        let told = "- `src/a.rs: replace || with && in A::b`: both are the same.\n";
        assert!(judge("", told, false).is_ok());
        assert!(judge("", told, true).unwrap_err().to_string().contains("take them out"));
    }
}
