//! What shows that a control works is a test that this run executed: their names come from the test runner's own
//! output, and docs/controls.md is held against them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, ensure};
use project::{Project, read};

use crate::controls::{
    rows::{self, FILE as CONTROLS},
    verdict::outcome,
};

/// The outcome of a test that a run was told to leave out, because what it needs is not on this machine.
const LEFT_OUT: &str = "left-out";
/// The outcome of a test that failed beside others and passed alone.
const FLAKY: &str = "flaky";
/// Leaves out every test whose name holds the word behind it.
const SKIP: &str = "--skip";

/// Where the outcomes of this run are kept, one test a line.
pub(super) fn file(project: &Project) -> PathBuf {
    project.target_folder().join("tests.txt")
}

/// The most tests of one command that may fail beside others and are repeated alone. More than these are no accident.
const MOST_REPEATED: usize = 3;

/// How a run of tests ended.
struct Run {
    status: ExitStatus,
    passed: BTreeSet<String>,
    failed: Vec<String>,
    /// Whether each program of tests reached its last line, so that `failed` is all that went wrong.
    is_complete: bool,
}

/// Runs a command to its end; where it is `cargo test`, keeps in `file` what became of each test. A few tests that fail
/// run once more, each with the machine to itself; those that pass then are kept as flaky.
pub(super) fn status(file: &Path, command: &mut Command) -> io::Result<ExitStatus> {
    if command.get_args().next().is_none_or(|first| first != "test") {
        return command.status();
    }
    let mut kept = OpenOptions::new().append(true).create(true).open(file)?;
    for name in left_out(command)? {
        writeln!(kept, "{LEFT_OUT} {name}")?;
    }
    let run = run(&mut kept, command)?;
    if run.failed.is_empty() || run.failed.len() > MOST_REPEATED || !run.is_complete {
        keep(&mut kept, "FAILED", &run.failed)?;
        return Ok(run.status);
    }
    println!("\nonce more, alone: {}", run.failed.join(", "));
    let alone = self::run(&mut kept, &mut alone(command, &run.failed))?;
    let is_flaky = alone.status.success() && run.failed.iter().all(|name| alone.passed.contains(name));
    let outcome = if is_flaky { FLAKY } else { "FAILED" };
    keep(&mut kept, outcome, &run.failed)?;
    Ok(if is_flaky { alone.status } else { run.status })
}

/// Runs tests, prints what they print, and keeps the outcome of those that did not fail.
fn run(kept: &mut File, command: &mut Command) -> io::Result<Run> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut said = child.stdout.take().map(BufReader::new);
    let (mut passed, mut failed) = (BTreeSet::new(), Vec::new());
    let (mut line, mut unfinished) = (Vec::new(), 0_usize);
    while said.as_mut().map_or(Ok(0), |said| said.read_until(b'\n', &mut line))? > 0 {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        match outcome(&text) {
            Some((name, "FAILED")) => failed.push(name.to_owned()),
            Some((name, outcome)) => {
                writeln!(kept, "{outcome} {name}")?;
                if outcome == "ok" {
                    passed.insert(name.to_owned());
                }
            }
            None if is_first_line(&text) => unfinished += 1,
            None if text.starts_with("test result: ") => unfinished = unfinished.saturating_sub(1),
            None => {}
        }
        line.clear();
    }
    Ok(Run { status: child.wait()?, passed, failed, is_complete: unfinished == 0 })
}

/// Whether a program of tests begins with this line.
fn is_first_line(line: &str) -> bool {
    let number = line.strip_prefix("running ").and_then(|rest| rest.split_once(" test"));
    number.is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn keep(kept: &mut File, outcome: &str, names: &[String]) -> io::Result<()> {
    names.iter().try_for_each(|name| writeln!(kept, "{outcome} {name}"))
}

/// The same command for these tests alone, one after the other.
fn alone(command: &Command, names: &[String]) -> Command {
    let (mut alone, _) = without_skip(command);
    if command.get_args().all(|argument| argument != "--") {
        alone.arg("--");
    }
    alone.arg("--exact").args(names).env("RUST_TEST_THREADS", "1");
    alone
}

/// The same command without `--skip`, and the words that it leaves out.
fn without_skip(command: &Command) -> (Command, Vec<String>) {
    let (mut words, mut same) = (Vec::new(), Command::new(command.get_program()));
    let mut arguments = command.get_args();
    while let Some(argument) = arguments.next() {
        if argument == SKIP {
            words.extend(arguments.next().map(|word| word.to_string_lossy().into_owned()));
        } else {
            same.arg(argument);
        }
    }
    same.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        same.current_dir(folder);
    }
    (same, words)
}

/// A line for each test of this run that failed beside others and passed alone.
pub(super) fn flaky(project: &Project) -> String {
    let kept = fs::read_to_string(file(project)).unwrap_or_default();
    let names = kept.lines().filter_map(|line| line.split_once(' ')).filter(|(outcome, _)| *outcome == FLAKY);
    let lines = names
        .map(|(_, name)| format!("\nFLAKY: {name} failed beside other tests and passed alone; correct it"));
    lines.collect()
}

/// The tests that a run leaves out: those of the same run without `--skip` that hold one of its words.
fn left_out(command: &Command) -> io::Result<Vec<String>> {
    let (mut list, words) = without_skip(command);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    list.arg("--list").stderr(Stdio::inherit());
    let listed = list.output()?.stdout;
    let names = String::from_utf8_lossy(&listed);
    let names = names.lines().filter_map(|line| line.strip_suffix(": test"));
    let is_left_out = |name: &&str| words.iter().any(|word| name.contains(word.as_str()));
    Ok(names.filter(is_left_out).map(str::to_owned).collect())
}

/// Fails unless every test that docs/controls.md names ran and passed. Tests that the run left out are listed with the
/// controls that they would have shown.
pub(super) fn check(project: &Project) -> anyhow::Result<()> {
    let controls = read(&project.root().join(CONTROLS))?;
    let kept = fs::read_to_string(file(project)).context("no test ran before this")?;
    let (left_out, missing): (Vec<_>, Vec<_>) =
        missing(&controls, &kept).into_iter().partition(|line| line.ends_with(LEFT_OUT));
    let missing = missing.join("\n  ");
    ensure!(missing.is_empty(), "{CONTROLS} names tests that did not run and pass:\n  {missing}");
    if left_out.is_empty() {
        println!("every test that {CONTROLS} names ran and passed");
    } else {
        println!("NOT SHOWN, because tests were left out:\n  {}", left_out.join("\n  "));
    }
    Ok(())
}

/// A line for each control and each of its tests that did not run or did not pass.
fn missing(controls: &str, kept: &str) -> Vec<String> {
    let mut outcomes = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (outcome, name) in kept.lines().filter_map(|line| line.split_once(' ')) {
        // A promise that is kept in several modes or on several engines is a module of tests.
        for part in name.split("::") {
            outcomes.entry(part).or_default().insert(outcome);
        }
    }
    let mut missing = Vec::new();
    for row in rows::parse(controls) {
        for test in row.tests {
            let became = outcomes.get(test.name.as_str());
            let what = match became {
                Some(became) if became.contains("ok") && !became.contains("FAILED") => continue,
                Some(became) => became.iter().copied().collect::<Vec<_>>().join(", "),
                None => "did not run".to_owned(),
            };
            missing.push(format!("{}: {}: {what}", row.control, test.name));
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const CONTROLS: &str = "\
| # | Control | Where | Assertions | Tests |
|---|---|---|---|---|
| <a id=\"c01\"></a>C01 | Keys | [`a_place`](x.rs) |  | `it_holds`, `it_holds_everywhere`; by `sqlx::Word` too |
| <a id=\"c02\"></a>C02 | Doors | there | `C02-shut` |  |
";

    #[test]
    fn what_a_run_says_of_its_tests_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tests.txt");
        let run = |words: &[&str]| status(&file, Command::new("echo").args(words)).expect("it runs");
        assert!(run(&["test", "a::it_holds", "...", "ok"]).success());
        assert!(status(&file, Command::new("true").arg("build")).is_ok_and(|status| status.success()));
        assert_eq!(fs::read_to_string(&file).expect("it is kept"), "ok a::it_holds\n");
    }

    #[test]
    fn each_test_that_a_run_leaves_out_is_kept_as_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, runner) = (folder.path().join("tests.txt"), folder.path().join("runner"));
        let listed = "a::at_a_server: test\nb::it_holds: test\nc::server: benchmark\n\n2 tests";
        let script = format!(
            "#!/bin/sh\n[ \"$*\" = 'test -- --list' ] && exec echo '{listed}'\necho test b::it_holds ... $WORD"
        );
        fs::write(&runner, script).expect("a script");
        fs::set_permissions(&runner, fs::Permissions::from_mode(0o755)).expect("a program");
        let mut command = Command::new(&runner);
        command.args(["test", "--", SKIP, "server"]).env("WORD", "ok");
        assert!(status(&file, &mut command).expect("it runs").success());
        let kept = fs::read_to_string(&file).expect("it is kept");
        assert_eq!(kept, "left-out a::at_a_server\nok b::it_holds\n");
    }

    /// Runs a stand-in for cargo: it says `first` of all tests, and `alone` of those that are repeated.
    fn said(first: &str, alone: &str) -> (bool, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, runner) = (folder.path().join("tests.txt"), folder.path().join("runner"));
        fs::write(folder.path().join("first"), first).expect("a file");
        fs::write(folder.path().join("alone"), alone).expect("a file");
        let script = "#!/bin/sh\ncd \"${0%/*}\"\ncase \"$*\" in *--exact*) said=alone;; *) said=first;; esac\n\
                      cat $said; ! grep -q FAILED $said";
        fs::write(&runner, script).expect("a script");
        fs::set_permissions(&runner, fs::Permissions::from_mode(0o755)).expect("a program");
        let status = status(&file, Command::new(&runner).arg("test")).expect("it runs");
        (status.success(), fs::read_to_string(&file).expect("it is kept"))
    }

    #[test]
    fn a_test_that_passes_alone_is_flaky_and_one_that_fails_again_fails() {
        let failed = "running 2 tests\ntest a ... ok\ntest b ... FAILED\ntest result: FAILED.";
        let passed = "running 1 test\ntest b ... ok\ntest result: ok.";
        assert_eq!(said(failed, passed), (true, "ok a\nok b\nflaky b\n".to_owned()));
        assert_eq!(said(failed, failed), (false, "ok a\nok a\nFAILED b\n".to_owned()));
        assert_eq!(said(failed, "running 0 tests\ntest result: ok."), (false, "ok a\nFAILED b\n".to_owned()));
    }

    #[test]
    fn many_failures_and_a_program_that_crashes_are_not_repeated() {
        let many: Vec<_> = (0..=MOST_REPEATED).map(|test| format!("test t{test} ... FAILED")).collect();
        let (is_ok, kept) = said(&many.join("\n"), "test t0 ... ok");
        assert!(!is_ok && kept.lines().count() == MOST_REPEATED + 1 && !kept.contains("ok"), "{kept}");
        let crashed = "running 1 test\ntest a ... FAILED\ntest result: FAILED.\nrunning 9 tests";
        assert_eq!(said(crashed, "test a ... ok"), (false, "FAILED a\n".to_owned()));
    }

    #[test]
    fn a_control_is_shown_by_tests_that_ran_and_passed_alone() {
        let good = "ok a::it_holds\nok it_holds_everywhere::proxy\nignored bare::it_holds\n";
        assert_eq!(missing(CONTROLS, good), Vec::<String>::new());
        for (became, expected) in [
            ("ok it_holds_everywhere::proxy\n", "C01: it_holds: did not run"),
            ("ok it_holds_everywhere::proxy\nignored a::it_holds\n", "C01: it_holds: ignored"),
            ("ok it_holds_everywhere\nok a::it_holds\nFAILED b::it_holds\n", "C01: it_holds: FAILED, ok"),
            ("ok it_holds_everywhere\nok a::it_holds_else\n", "C01: it_holds: did not run"),
            ("ok it_holds_everywhere\nleft-out a::it_holds\n", "C01: it_holds: left-out"),
            ("ok it_holds_everywhere\nleft-out it_holds_not\n", "C01: it_holds: did not run"),
        ] {
            assert_eq!(missing(CONTROLS, became), [expected]);
        }
    }

    #[test]
    fn a_test_that_was_left_out_excuses_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = Project::at(folder.path()).expect("a folder");
        fs::create_dir_all(folder.path().join("docs")).expect("a folder");
        fs::create_dir_all(project.target_folder()).expect("a folder");
        fs::write(folder.path().join("docs/controls.md"), CONTROLS).expect("a table");
        for (kept, holds) in [
            ("ok a::it_holds\nok it_holds_everywhere\n", true),
            ("left-out a::it_holds\nok it_holds_everywhere\n", true),
            ("left-out a::it_holds\n", false),
            ("left-out a::it_holds\nignored it_holds_everywhere\n", false),
        ] {
            fs::write(file(&project), kept).expect("it is kept");
            assert_eq!(check(&project).is_ok(), holds, "{kept}");
        }
    }
}
