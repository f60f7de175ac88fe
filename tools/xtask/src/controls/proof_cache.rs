//! What was proved, so that a call goes on where the one before it ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use project::{Project, read};

use super::Claim;
/// The proofs of earlier calls: a line each, what was proved and the test that noticed.
pub(super) struct ProofCache {
    file: PathBuf,
    known: BTreeMap<String, String>,
}

/// Where copy, builds and proofs are.
pub(super) fn folder(project: &Project) -> PathBuf {
    project.target_folder().join("controls")
}

impl ProofCache {
    /// The proofs of earlier calls.
    pub(super) fn open(project: &Project) -> anyhow::Result<Self> {
        let folder = folder(project);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join("proofs.txt");
        let text = if file.exists() { read(&file)? } else { String::new() };
        let known = text.lines().filter_map(|line| line.split_once(' '));
        let known = known.map(|(key, noticed)| (key.to_owned(), noticed.to_owned())).collect();
        Ok(Self { file, known })
    }

    /// Forgets what was proved of this control.
    pub(super) fn invalidate(&mut self, control: &str) {
        self.known.retain(|key, _| key.split('-').next() != Some(control));
    }

    /// The test that noticed, if nothing changed since on which that rests.
    pub(super) fn get(&self, project: &Project, claim: &Claim) -> anyhow::Result<Option<String>> {
        Ok(self.known.get(&key(project.root(), claim)?).cloned())
    }

    pub(super) fn insert(&mut self, project: &Project, claim: &Claim, noticed: &str) -> anyhow::Result<()> {
        self.known.insert(key(project.root(), claim)?, noticed.to_owned());
        let lines: Vec<_> = self.known.iter().map(|(key, noticed)| format!("{key} {noticed}\n")).collect();
        fs::write(&self.file, lines.concat()).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// Names what a proof rests on: the removal, its file, and the tests of the row with their files.
fn key(root: &Path, claim: &Claim) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    (&claim.removal, &claim.tests).hash(&mut hasher);
    let files: BTreeSet<_> = claim.files().collect();
    for file in files {
        read(&root.join(file))?.hash(&mut hasher);
    }
    Ok(format!("{}-{:016x}", claim.removal.control, hasher.finish()))
}

impl Claim {
    /// The files on which its proof rests.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        let tests = self.tests.iter().map(|test| test.file.as_str());
        std::iter::once(self.removal.file.as_str()).chain(tests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::{removals, rows::Test};

    #[test]
    fn a_cached_proof_is_invalidated_by_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = Project::at(folder.path()).expect("a repository");
        let write =
            |file: &str, text: &str| fs::write(folder.path().join(file), text).expect("it is written");
        write("a.rs", "one\n");
        write("b.rs", "assert\n");
        let removal = removals::parse("C11 a.rs: all\n-one\n").expect("a list").remove(0);
        let test = Test { name: "it_holds".to_owned(), file: "b.rs".to_owned() };
        let claim = Claim { removal, tests: vec![test] };
        let known = |claim: &Claim| {
            ProofCache::open(&project).and_then(|proofs| proofs.get(&project, claim)).expect("it can be read")
        };
        assert_eq!(known(&claim), None);
        let mut proofs = ProofCache::open(&project).expect("none");
        proofs.insert(&project, &claim, "it_holds (b.rs:1)").expect("it is kept");
        assert_eq!(known(&claim).as_deref(), Some("it_holds (b.rs:1)"));

        let mut other = claim.clone();
        other.tests[0].name.push_str("_too");
        assert_eq!(known(&other), None, "another row");
        write("b.rs", "another assertion\n");
        assert_eq!(known(&claim), None, "another test");
        write("b.rs", "assert\n");
        assert!(known(&claim).is_some());
        write("a.rs", "one\ntwo\n");
        assert_eq!(known(&claim), None, "other code");
        proofs.invalidate("C1");
        assert_eq!(proofs.known.len(), 1, "another control");
        proofs.invalidate("C11");
        assert_eq!(proofs.known.len(), 0);
    }
}
