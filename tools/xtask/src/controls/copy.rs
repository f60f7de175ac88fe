//! A copy of the repository in which controls are taken out, so that the checkout itself is never changed.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use project::{Project, read};

use super::removals::Removal;
/// The copy, and the repository that it is of.
pub(super) struct Copy {
    original: PathBuf,
    project: Project,
}

impl Copy {
    /// Brings the copy below `folder` to the state of the repository, uncommitted changes too. A file that is the same
    /// is not written, so that cargo compiles only what changed.
    pub(super) fn of(original: &Project, folder: &Path) -> anyhow::Result<Self> {
        let root = folder.join("tree");
        let files = files(original.root())?;
        for file in &files {
            same(&original.root().join(file), &root.join(file))?;
        }
        forget(&root, &root, &files).context("cannot tidy up the copy")?;
        let project = Project::with_output_folder(&root, &folder.join("build"));
        Ok(Self { original: original.root().to_owned(), project })
    }

    /// The copy as a repository of its own, with what cargo makes of it.
    pub(super) fn project(&self) -> &Project {
        &self.project
    }

    /// Takes a control out.
    pub(super) fn take_out(&self, removal: &Removal) -> anyhow::Result<()> {
        let file = self.project.root().join(&removal.file);
        let changed = removal.applied(&read(&file)?)?;
        fs::write(&file, changed).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Puts it back.
    pub(super) fn put_back(&self, removal: &Removal) -> anyhow::Result<()> {
        same(&self.original.join(&removal.file), &self.project.root().join(&removal.file))
    }
}

/// What git knows of and what it would take, but for what was deleted.
fn files(root: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let listed = git.output().context("cannot start git: install it")?;
    ensure!(
        listed.status.success(),
        "git could not list the files: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout).context("a file's name is not UTF-8")?;
    let files = names.split_terminator('\0').map(PathBuf::from);
    Ok(files.filter(|file| root.join(file).is_file()).collect())
}

/// Makes one file hold what the other holds.
fn same(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copy = || -> io::Result<()> {
        let text = fs::read(from)?;
        if fs::read(to).is_ok_and(|there| there == text) {
            return Ok(());
        }
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(to, text)?;
        fs::set_permissions(to, fs::metadata(from)?.permissions())
    };
    copy().with_context(|| format!("cannot copy {}", from.display()))
}

/// Deletes what is not among the files any more.
fn forget(root: &Path, folder: &Path, files: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            forget(root, &path, files)?;
        } else if path.strip_prefix(root).is_ok_and(|file| !files.contains(file)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::removals;

    #[test]
    fn the_copy_follows_the_original_one_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, work) = (folder.path().join("repository"), folder.path().join("work"));
        fs::create_dir_all(root.join("src")).expect("a folder");
        let git = Command::new("git").args(["init", "--quiet"]).current_dir(&root).status();
        assert!(git.is_ok_and(|status| status.success()));
        let write = |file: &str, text: &str| fs::write(root.join(file), text).expect("it is written");
        write(".gitignore", "/target\n");
        write("src/a.rs", "one\ntwo\n");
        write("src/b.rs", "b\n");
        let original = Project::at(&root).expect("a repository");
        let copy = Copy::of(&original, &work).expect("a copy");
        let there = |file: &str| fs::read_to_string(copy.project().root().join(file)).ok();

        let removal = removals::parse("C11 src/a.rs: all\n-two\n+three\n").expect("a list").remove(0);
        copy.take_out(&removal).expect("it applies");
        assert_eq!(there("src/a.rs").as_deref(), Some("one\nthree\n"));
        assert_eq!(fs::read_to_string(root.join("src/a.rs")).expect("it is there"), "one\ntwo\n");
        copy.put_back(&removal).expect("it is put back");
        assert_eq!(there("src/a.rs").as_deref(), Some("one\ntwo\n"));

        // As after an interruption.
        copy.take_out(&removal).expect("it applies");
        fs::remove_file(root.join("src/b.rs")).expect("it is deleted");
        Copy::of(&original, &work).expect("a copy");
        assert_eq!((there("src/a.rs").as_deref(), there("src/b.rs")), (Some("one\ntwo\n"), None));
    }
}
