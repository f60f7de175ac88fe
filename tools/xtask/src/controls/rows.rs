//! The rows of docs/controls.md: which tests each control names, and how cargo runs them.

use std::{fmt, path::Path};

use anyhow::Context as _;

/// Where they stand.
pub(crate) const FILE: &str = "docs/controls.md";

/// A control and the tests that show it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Row {
    /// `C11` and the like.
    pub(crate) control: String,
    pub(crate) tests: Vec<Test>,
}

/// A test by its name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Test {
    pub(crate) name: String,
    /// Its file from the root, where the name is a link.
    pub(crate) file: String,
}

/// What cargo compiles and runs as one program of tests.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Target {
    /// The folder of its package.
    pub(super) package: String,
    /// The words that choose it.
    pub(super) words: Vec<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.package, self.words.join(" "))
    }
}

/// Reads the table.
pub(crate) fn parse(text: &str) -> Vec<Row> {
    let lines = text.lines().filter(|line| line.starts_with("| <a id="));
    lines
        .map(|line| {
            let control = line.split("</a>").nth(1).and_then(|rest| rest.split(' ').next());
            let tests = line.trim_end_matches(['|', ' ']).rsplit(" | ").next().unwrap_or_default();
            Row { control: control.unwrap_or_default().to_owned(), tests: named(tests) }
        })
        .collect()
}

/// The tests of a cell: `name` in backquotes, each a link as a rule.
fn named(cell: &str) -> Vec<Test> {
    let parts: Vec<_> = cell.split('`').collect();
    let words = parts.iter().enumerate().skip(1).step_by(2).filter(|(_, word)| is_test(word));
    words
        .map(|(at, name)| {
            let link = parts.get(at + 1).and_then(|rest| rest.strip_prefix("](../"));
            let file = link.and_then(|rest| rest.split_once(')')).map_or("", |(file, _)| file);
            Test { name: (*name).to_owned(), file: file.to_owned() }
        })
        .collect()
}

fn is_test(word: &str) -> bool {
    let is_plain = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_';
    word.contains('_') && word.chars().all(is_plain)
}

impl Test {
    /// Whether the test runner's name means this test. A promise that is kept in several modes or on several engines
    /// is a module of tests.
    pub(super) fn is(&self, name: &str) -> bool {
        name.split("::").any(|part| part == self.name)
    }

    /// The program that holds it, of the repository at `root`.
    pub(super) fn target(&self, root: &Path) -> anyhow::Result<Target> {
        let wrong =
            || format!("`{}` links to `{}`, which is no file of a package's tests", self.name, self.file);
        let file = Path::new(&self.file);
        let mut folders = file.ancestors().skip(1);
        let package =
            folders.find(|folder| root.join(folder).join("Cargo.toml").is_file()).with_context(wrong)?;
        let mut inside =
            file.strip_prefix(package).with_context(wrong)?.iter().filter_map(|part| part.to_str());
        let words = match (inside.next(), inside.next()) {
            (Some("src"), Some(_)) if root.join(package).join("src/lib.rs").is_file() => {
                vec!["--lib".to_owned()]
            }
            (Some("src"), Some(_)) => vec!["--bins".to_owned()],
            (Some("tests"), Some(name)) => {
                vec!["--test".to_owned(), name.strip_suffix(".rs").unwrap_or(name).to_owned()]
            }
            _ => anyhow::bail!(wrong()),
        };
        // Tests may start them. The examples of the root are packages of their own.
        let has_examples = !package.as_os_str().is_empty() && root.join(package).join("examples").is_dir();
        let with_examples = has_examples.then(|| "--examples".to_owned());
        let words = words.into_iter().chain(with_examples).collect();
        Ok(Target { package: package.to_string_lossy().into_owned(), words })
    }

    /// Whether a file belongs to this test alone or to its module: what is said there is said by the test itself, not
    /// by what starts servers and waits for them.
    pub(super) fn owns(&self, file: &str) -> bool {
        let module = self.file.trim_end_matches(".rs");
        file == self.file || file.strip_prefix(module).is_some_and(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use project::Project;

    const TABLE: &str = "\
| # | Control | Where | Assertions | Tests |
|---|---|---|---|---|
| <a id=\"c16\"></a>C16 | SQL | [`a_place`](../x.rs) |  | the lint `sqlx::Word`; [`it_holds`](../tests/suite/a.rs), on both engines |
| <a id=\"c19\"></a>C19 | Keys | there | `C19-twice` |  |
";

    fn test(file: &str) -> Test {
        Test { name: "it_holds".to_owned(), file: file.to_owned() }
    }

    #[test]
    fn a_row_yields_only_its_tests() {
        let rows = parse(TABLE);
        let controls: Vec<_> = rows.iter().map(|row| row.control.as_str()).collect();
        assert_eq!(controls, ["C16", "C19"]);
        assert_eq!(rows[0].tests, [test("tests/suite/a.rs")]);
        assert_eq!(rows[1].tests, []);
    }

    #[test]
    fn a_test_maps_to_its_cargo_target() {
        let project = Project::here();
        for (file, expected) in [
            ("src/rate_limit/tests.rs", " --lib"),
            ("src/policy.rs", " --lib"),
            ("tests/suite/doctor/outside.rs", " --test suite"),
            (
                "crates/functions-emulator/tests/easyauth.rs",
                "crates/functions-emulator --test easyauth --examples",
            ),
            ("tools/xtask/src/package/tests.rs", "tools/xtask --bins"),
        ] {
            assert_eq!(test(file).target(project.root()).expect("a target").to_string(), expected, "{file}");
        }
        for file in ["", "docs/controls.md", "infra/main.bicep"] {
            assert!(test(file).target(project.root()).is_err(), "{file}");
        }
    }

    #[test]
    fn a_test_owns_its_file_and_folder() {
        let rate = test("tests/suite/rate.rs");
        assert!(rate.owns("tests/suite/rate.rs") && rate.owns("tests/suite/rate/slow.rs"));
        assert!(!rate.owns("tests/suite/support/client.rs") && !rate.owns("tests/suite/rates.rs"));
    }

    #[test]
    fn a_module_of_modes_counts_as_one_test() {
        let test = test("tests/suite/rate.rs");
        assert!(test.is("rate::it_holds::proxy") && test.is("it_holds"));
        assert!(!test.is("rate::it_holds_not"));
    }
}
