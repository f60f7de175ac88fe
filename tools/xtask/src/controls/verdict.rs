//! What became of a control's tests, from the words of the test runner.

use std::{collections::BTreeMap, path::Path};

use super::rows::Test;

/// A failed test, and the place and words of one of its panics.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Panic<'a> {
    file: &'a str,
    line: usize,
    said: &'a str,
}

/// How the tests of one program ended.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Verdict {
    /// Tests that passed, by the runner's names.
    pub(super) passed: Vec<String>,
    /// Tests in which one of their own assertions failed, each as its name and place.
    pub(super) noticed: Vec<(String, String)>,
    /// Tests that failed otherwise than by their own assertion, each with the reason why the failure proves nothing.
    pub(super) blind: Vec<String>,
}

/// What ends a test by a promise that does not hold, in the statement that the panic names.
const ASSERTIONS: [&str; 7] =
    ["assert!", "assert_eq!", "assert_ne!", "panic!", "proptest!", ".expect_err(", ".unwrap_err("];

/// How the words of such a panic begin, also where a function of the test's module asserts on its behalf.
const ASSERTED: [&str; 3] = ["assertion ", "called `Result::unwrap_err()`", "called `Result::expect_err()`"];

/// A success that a test insists on. It is the promise itself where nothing is made of it; what a test takes from it,
/// or does in the file system, only leads to its promises.
const INSISTS: [&str; 2] = [".expect(", ".unwrap("];
const LEADS: [&str; 2] = ["let ", "fs::"];

/// The words with which a panic reports a timeout.
const LATE: [&str; 3] = ["Elapsed(", "TimedOut", "timed out"];

/// Reads the runner's output about these tests, whose sources are below `root`. The output about other tests is
/// ignored.
pub(super) fn read(output: &str, tests: &[&Test], root: &Path) -> Verdict {
    let panics = panics(output);
    let mut verdict = Verdict::default();
    for (name, outcome) in output.lines().filter_map(outcome) {
        let Some(test) = tests.iter().find(|test| test.is(name)) else { continue };
        match outcome {
            "ok" => verdict.passed.push(name.to_owned()),
            "FAILED" => match own_assertion(panics.get(name).map_or(&[][..], Vec::as_slice), test, root) {
                Ok(place) => verdict.noticed.push((name.to_owned(), place)),
                Err(why) => verdict.blind.push(format!("{name} failed, but {why}")),
            },
            other => verdict.blind.push(format!("{name} did not run: {other}")),
        }
    }
    verdict
}

/// Name and outcome, from the line that the test runner prints of a test: `test a::b ... ok`.
pub(crate) fn outcome(line: &str) -> Option<(&str, &str)> {
    let (name, outcome) = line.trim_end().strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = outcome.split([',', ' ']).next()?;
    let is_known = matches!(outcome, "ok" | "ignored" | "FAILED");
    is_known.then(|| (name.split(" - ").next().unwrap_or(name), outcome))
}

/// Where a test's own assertion failed.
fn own_assertion(panics: &[Panic<'_>], test: &Test, root: &Path) -> Result<String, String> {
    let own: Vec<_> = panics.iter().filter(|panic| test.owns(panic.file)).collect();
    let Some(panic) = own.iter().find(|panic| !LATE.iter().any(|word| panic.said.contains(word))) else {
        return Err(match (own.first(), panics.first()) {
            (Some(late), _) => format!("{}:{} only waited too long", late.file, late.line),
            (None, Some(other)) => {
                format!("it was {}:{} that failed, not a line of its own", other.file, other.line)
            }
            (None, None) => "without a panic".to_owned(),
        });
    };
    let source = std::fs::read_to_string(root.join(panic.file)).unwrap_or_default();
    let statement = statement(&source, panic.line);
    let statement = statement.trim();
    let place = format!("{}:{}", panic.file, panic.line);
    let is_said = ASSERTED.iter().any(|word| panic.said.starts_with(word));
    let holds = |words: &[&str]| words.iter().any(|word| statement.contains(word));
    let leads = LEADS.iter().any(|word| statement.starts_with(word));
    if is_said || holds(&ASSERTIONS) || (holds(&INSISTS) && !leads) {
        Ok(place)
    } else {
        Err(format!("{place} is no assertion: {statement}"))
    }
}

/// The statement that a line belongs to, up to that line: what stands inside an assertion is part of it.
fn statement(source: &str, line: usize) -> String {
    let lines: Vec<_> = source.lines().take(line).collect();
    let Some((last, before)) = lines.split_last().filter(|_| lines.len() == line) else {
        return String::new();
    };
    let ends = |line: &&&str| line.trim_end().ends_with([';', '{', '}']);
    let mut parts: Vec<_> = before.iter().rev().take_while(|line| !ends(line)).collect();
    parts.reverse();
    parts.into_iter().chain([last]).map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The panics of each failed test, which stand under `---- name stdout ----`.
fn panics(output: &str) -> BTreeMap<&str, Vec<Panic<'_>>> {
    let mut panics = BTreeMap::<&str, Vec<Panic<'_>>>::new();
    let (mut test, mut lines) = (None, output.lines().peekable());
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            test = Some(name);
        }
        let place = line.starts_with("thread '").then(|| line.split_once("panicked at ")).flatten();
        let place = place.and_then(|(_, place)| place.strip_suffix(':'));
        if let (Some(test), Some(place)) = (test, place) {
            let mut parts = place.rsplitn(3, ':').skip(1);
            let line = parts.next().and_then(|line| line.parse().ok()).unwrap_or_default();
            let file = parts.next().unwrap_or_default();
            let said = lines.peek().copied().unwrap_or_default();
            panics.entry(test).or_default().push(Panic { file, line, said });
        }
    }
    panics
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SOURCE: &str = "\
async fn it_holds() {
    assert_eq!(status, 401);
    client.get(\"/\").await;
    timeout(SOON, answer).await.expect(\"an answer\");
    assert_eq!(
        refused.problem(),
        \"stale\"
    );
    let app = Setup::new()
        .start()
        .expect(\"it starts\");
    fs::write(path, b\"\").unwrap();
    caller.permit().expect(\"they may\");
    let Some(_) = app.found() else { panic!(\"none\") };
}
";

    fn verdict_of(output: &str) -> Verdict {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("tests/suite/support")).expect("a folder");
        fs::write(folder.path().join("tests/suite/a.rs"), SOURCE).expect("a file");
        fs::write(folder.path().join("tests/suite/support/client.rs"), "assert!(up);\n").expect("a file");
        let test = Test { name: "it_holds".to_owned(), file: "tests/suite/a.rs".to_owned() };
        read(output, &[&test], folder.path())
    }

    fn failed(place: &str, said: &str) -> Verdict {
        verdict_of(&format!(
            "test a::it_holds::proxy ... FAILED\n\n---- a::it_holds::proxy stdout ----\n\n\
             thread 'a::it_holds::proxy' (17) panicked at {place}:\n{said}\nnote: run with a backtrace\n"
        ))
    }

    #[test]
    fn an_assertion_in_the_test_detects_the_removal() {
        let verdict = failed("tests/suite/a.rs:2:5", "assertion `left == right` failed");
        let noticed = ("a::it_holds::proxy".to_owned(), "tests/suite/a.rs:2".to_owned());
        assert_eq!(verdict, Verdict { noticed: vec![noticed], ..Verdict::default() });
    }

    #[test]
    fn multi_line_and_helper_assertions_count() {
        assert_eq!(failed("tests/suite/a.rs:6:17", "no problem").noticed[0].1, "tests/suite/a.rs:6");
        let on_its_behalf = failed("tests/suite/a.rs:3:5", "called `Result::unwrap_err()` on an `Ok` value");
        assert_eq!(on_its_behalf.noticed[0].1, "tests/suite/a.rs:3");
    }

    #[test]
    fn an_unwrapped_statement_counts_as_an_assertion() {
        for (place, said) in
            [("tests/suite/a.rs:13:5", "they may: Forbidden"), ("tests/suite/a.rs:14:38", "none")]
        {
            assert_eq!(failed(place, said).noticed.len(), 1, "{place}");
        }
    }

    #[test]
    fn other_failures_do_not_count() {
        for (place, said, expected) in [
            ("tests/suite/support/client.rs:1:1", "not up", "not a line of its own"),
            ("tests/suite/a.rs:3:5", "connection refused", "is no assertion"),
            ("tests/suite/a.rs:4:5", "an answer: Elapsed(())", "only waited too long"),
            ("tests/suite/a.rs:40:5", "the file was shorter", "is no assertion"),
            ("tests/suite/a.rs:11:10", "it starts: NotFound", "is no assertion"),
            (
                "tests/suite/a.rs:12:5",
                "called `Result::unwrap()` on an `Err` value: NotFound",
                "is no assertion",
            ),
            (
                "tests/suite/a.rs:3:5",
                "called `Result::unwrap()` on an `Err` value: NotFound",
                "is no assertion",
            ),
        ] {
            let verdict = failed(place, said);
            assert_eq!(verdict.noticed, [], "{place}");
            assert!(verdict.blind[0].contains(expected), "{verdict:?}");
        }
        let quiet = verdict_of("test a::it_holds ... FAILED\n");
        assert_eq!(quiet.blind, ["a::it_holds failed, but without a panic"]);
    }

    #[test]
    fn test_outcomes_come_from_the_runners_lines() {
        for (line, expected) in [
            ("test a::it_holds ... ok\n", Some(("a::it_holds", "ok"))),
            ("test a::it_panics - should panic ... ok", Some(("a::it_panics", "ok"))),
            ("test slow ... ignored, takes an hour", Some(("slow", "ignored"))),
            ("test a ... FAILED", Some(("a", "FAILED"))),
            ("test a has been running for over 60 seconds", None),
            ("test result: ok. 4 passed; 0 failed", None),
            ("a test ... ok", None),
        ] {
            assert_eq!(outcome(line), expected, "{line}");
        }
    }

    #[test]
    fn unnamed_tests_do_not_count() {
        let verdict =
            verdict_of("test a::it_holds_more ... FAILED\ntest a::it_holds ... ok\ntest b ... FAILED\n");
        assert_eq!(verdict, Verdict { passed: vec!["a::it_holds".to_owned()], ..Verdict::default() });
    }
}
