//! Which controls differ from the branch main.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context as _, ensure};
use project::Project;

use super::{Claim, removals, rows};
/// What differs, committed or not.
pub(super) struct Changes {
    files: BTreeSet<String>,
    /// The list of removals and the table as they are on main.
    removals: Vec<removals::Removal>,
    rows: Vec<rows::Row>,
}

/// What differs from the commit at which this branch left main.
pub(super) fn since_main(project: &Project) -> anyhow::Result<Changes> {
    let main =
        ["main", "origin/main"].into_iter().find_map(|main| git(project, &["merge-base", main, "HEAD"]).ok());
    let main = main.context("there is no branch main to compare with: run `git fetch origin main:main`")?;
    let main = main.trim();
    let mut files: BTreeSet<_> =
        git(project, &["diff", "--name-only", main])?.lines().map(str::to_owned).collect();
    let new = git(project, &["ls-files", "--others", "--exclude-standard"])?;
    files.extend(new.lines().map(str::to_owned));
    let there = |file: &str| git(project, &["show", &format!("{main}:{file}")]).unwrap_or_default();
    let removals = removals::parse(&there(removals::FILE)).unwrap_or_default();
    Ok(Changes { files, removals, rows: rows::parse(&there(rows::FILE)) })
}

impl Changes {
    /// Whether something differs on which a proof rests.
    pub(super) fn concern(&self, claim: &Claim) -> bool {
        let Claim { removal, tests } = claim;
        let same_row = |row: &rows::Row| row.control == removal.control && row.tests == *tests;
        claim.files().any(|file| self.files.contains(file))
            || !self.removals.contains(removal)
            || !self.rows.iter().any(same_row)
    }
}

fn git(project: &Project, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git").args(arguments).current_dir(project.root()).output();
    let output = output.context("cannot start git: install it")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "git {} failed: {}", arguments.join(" "), said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TABLE: &str = "| <a id=\"c11\"></a>C11 | Owners | there |  | [`it_holds`](../tests/a.rs) |\n";
    const LIST: &str = "C11 src/a.rs: all\n-one\n";

    /// A repository whose main holds one control.
    fn repository() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().expect("a folder");
        let project = Project::at(folder.path()).expect("a repository");
        for (file, text) in
            [("src/a.rs", "one\n"), ("tests/a.rs", "assert\n"), (rows::FILE, TABLE), (removals::FILE, LIST)]
        {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("it is written");
        }
        let git = |arguments: &[&str]| git(&project, arguments).expect("git works");
        git(&["init", "--quiet", "--initial-branch", "main"]);
        git(&["add", "."]);
        let author = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        git(&[&author[..], &["commit", "--quiet", "--message", "Begin"]].concat());
        git(&["switch", "--quiet", "--create", "work"]);
        (folder, project)
    }

    fn concerned(project: &Project) -> bool {
        let text = |file: &str| fs::read_to_string(project.root().join(file)).expect("it is there");
        let claims = crate::controls::claims(&text(removals::FILE), &text(rows::FILE)).expect("a list");
        since_main(project).expect("git works").concern(&claims[0])
    }

    #[test]
    fn changes_select_the_affected_controls() {
        let (folder, project) = repository();
        assert!(!concerned(&project));
        fs::write(folder.path().join("other.rs"), "new\n").expect("it is written");
        assert!(!concerned(&project), "another file");
        let rows = TABLE.replace("a.rs)", "a.rs), [`it_holds_too`](../tests/a.rs)");
        for (file, text) in [
            ("src/a.rs", "one\ntwo\n"),
            ("tests/a.rs", "another\n"),
            (rows::FILE, rows.as_str()),
            (removals::FILE, "C11 src/a.rs: all\n-one\n+two\n"),
        ] {
            let path = folder.path().join(file);
            let before = fs::read(&path).expect("it is there");
            fs::write(&path, text).expect("it is written");
            assert!(concerned(&project), "{file}");
            fs::write(&path, before).expect("it is written");
            assert!(!concerned(&project), "{file}");
        }
    }

    #[test]
    fn a_missing_main_branch_is_an_error() {
        let (_folder, project) = repository();
        git(&project, &["branch", "--quiet", "--delete", "--force", "main"]).expect("it is gone");
        assert!(
            since_main(&project).err().expect("a refusal").to_string().contains("git fetch origin main:main")
        );
    }
}
