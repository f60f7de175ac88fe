//! Takes one control out at a time and runs its tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::Context as _;
use project::{APP_UNDER_TEST_VARIABLE, NO_DEBUG_INFO_VARIABLE, Project, WORKER_UNDER_TEST_VARIABLE};
use tokio::{process::Command, time::timeout};

use super::{
    Claim,
    copy::Copy,
    proof_cache,
    rows::{Target, Test},
    verdict::{self, Verdict},
};

/// The longest that the tests of one program run; those that a removal makes hang show nothing.
const TIMEOUT: Duration = Duration::from_mins(10);

/// Words of the compiler that are shown of a removal that does not compile.
const SHOWN: usize = 8;

/// Proves claims in a copy of the repository.
pub(super) struct Prover {
    copy: Copy,
    /// The tests of each program that pass while everything is in place.
    sound: BTreeMap<Target, BTreeSet<String>>,
}

/// The test that noticed and the place of its assertion, or why nothing is shown.
type Outcome = Result<String, String>;

impl Prover {
    pub(super) fn new(project: &Project) -> anyhow::Result<Self> {
        Ok(Self { copy: Copy::of(project, &proof_cache::folder(project))?, sound: BTreeMap::new() })
    }

    /// The copy of the repository that is proved, so that saves meanwhile change nothing.
    pub(super) fn project(&self) -> &Project {
        self.copy.project()
    }

    /// Takes the control out, runs its tests program by program until one of them notices, and puts it back.
    pub(super) async fn prove(&mut self, claim: &Claim) -> anyhow::Result<Outcome> {
        let mut why = Vec::new();
        for (target, tests) in self.programs(claim)? {
            if let Err(fault) = self.see_sound(&target, &tests).await? {
                why.push(format!("with every control in place, {fault}"));
                continue;
            }
            if let Err(error) = self.copy.take_out(&claim.removal) {
                return Ok(Err(error.to_string()));
            }
            let outcome = self.outcome(&target, &tests).await;
            self.copy.put_back(&claim.removal)?;
            let verdict = match outcome? {
                Ok(verdict) => verdict,
                Err(fault) => return Ok(Err(fault)),
            };
            if let Some(((name, place), others)) = verdict.noticed.split_first() {
                let others =
                    if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
                return Ok(Ok(format!("{name} ({place}){others}")));
            }
            why.extend(verdict.blind);
            why.extend(verdict.passed.into_iter().map(|name| format!("{name} passed")));
        }
        Ok(Err(format!("none of its tests misses it:\n    {}", why.join("\n    "))))
    }

    /// The programs that hold a claim's tests: first those of the removal's own package, and of them the quickest.
    fn programs<'c>(&self, claim: &'c Claim) -> anyhow::Result<Vec<(Target, Vec<&'c Test>)>> {
        let mut programs = Vec::<(Target, Vec<&Test>)>::new();
        for test in &claim.tests {
            let target = test.target(self.copy.project().root())?;
            match programs.iter_mut().find(|(known, _)| *known == target) {
                Some((_, tests)) => tests.push(test),
                None => programs.push((target, vec![test])),
            }
        }
        let is_own = |target: &Target| {
            let package = Path::new(&claim.removal.file)
                .ancestors()
                .skip(1)
                .find(|folder| self.copy.project().root().join(folder).join("Cargo.toml").is_file());
            package == Some(Path::new(&target.package))
        };
        programs.sort_by_key(|(target, _)| {
            (!is_own(target), target.words.first().is_none_or(|word| word != "--lib"))
        });
        Ok(programs)
    }

    /// Sees that these tests pass while everything is in place: what always fails notices nothing.
    async fn see_sound(&mut self, target: &Target, tests: &[&Test]) -> anyhow::Result<Result<(), String>> {
        let known = self.sound.get(target);
        if known.is_some_and(|known| tests.iter().all(|test| known.iter().any(|name| test.is(name)))) {
            return Ok(Ok(()));
        }
        let verdict = match self.outcome(target, tests).await? {
            Ok(verdict) => verdict,
            Err(fault) => return Ok(Err(fault)),
        };
        let failed = verdict.noticed.iter().map(|(name, place)| format!("{name} failed at {place}"));
        let failed: Vec<_> = failed.chain(verdict.blind).collect();
        if !failed.is_empty() {
            return Ok(Err(failed.join("\n    ")));
        }
        self.sound.entry(target.clone()).or_default().extend(verdict.passed);
        Ok(Ok(()))
    }

    /// Compiles the copy as it is and runs these tests; a fault when it does not compile, or they do not end.
    async fn outcome(&self, target: &Target, tests: &[&Test]) -> anyhow::Result<Result<Verdict, String>> {
        let (succeeded, said) = finished(self.cargo(target, &["--no-run", "--quiet"])).await?;
        if !succeeded {
            let errors: Vec<_> = said.lines().filter(|line| line.starts_with("error")).take(SHOWN).collect();
            return Ok(Err(format!("it does not compile:\n    {}", errors.join("\n    "))));
        }
        let names: Vec<_> = tests.iter().map(|test| test.name.as_str()).collect();
        let running = finished(self.cargo(target, &[&["--"], &names[..]].concat()));
        match timeout(TIMEOUT, running).await {
            Ok(ended) => Ok(Ok(verdict::read(&ended?.1, tests, self.copy.project().root()))),
            Err(_) => Ok(Err(format!(
                "its tests in {target} did not end within {} minutes",
                TIMEOUT.as_secs() / 60
            ))),
        }
    }

    /// Tests of the copy, on what is built there and nothing else.
    fn cargo(&self, target: &Target, more: &[&str]) -> Command {
        let project = self.copy.project();
        let mut cargo = Command::from(project.cargo());
        cargo.current_dir(project.root().join(&target.package));
        cargo.args(["test", "--locked", "--no-fail-fast"]).args(&target.words).args(more);
        cargo.envs([NO_DEBUG_INFO_VARIABLE]).env("RUST_BACKTRACE", "0");
        cargo.env_remove(WORKER_UNDER_TEST_VARIABLE).env_remove(APP_UNDER_TEST_VARIABLE);
        cargo
    }
}

/// Runs a command to its end, with everything that it started when this is dropped before.
async fn finished(mut command: Command) -> anyhow::Result<(bool, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child = command.spawn().context("cannot start cargo")?;
    let mut group = Group(child.id());
    let output = child.wait_with_output().await.context("cannot read what cargo says")?;
    group.0 = None;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

/// The processes that a command started and that have to end with it: the workers and servers of its tests too.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(leader) = leader {
            // None of them may be left, which is as good.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
