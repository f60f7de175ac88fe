//! `cargo xtask controls`: takes each control out of a copy of the code, one at a time, and expects one of the tests that
//! docs/controls.md names for it to fail by an assertion of its own.

mod changed;
mod claim;
mod copy;
mod proof_cache;
mod prove;
pub(crate) mod removals;
pub(crate) mod rows;
pub(crate) mod verdict;

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use project::{Project, read};
use terminal::Progress;

use self::{claim::Claim, proof_cache::ProofCache, prove::Prover, removals::Removal, rows::Row};
use crate::stop_signals::StopSignals;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Take the controls out and see them missed; without it, say which of them were.
    #[arg(long)]
    prove: bool,
    /// This control alone, for example C11; may be given several times.
    #[arg(long, value_name = "CONTROL")]
    only: Vec<String>,
    /// Only the controls whose code, tests or removal differ from the branch main.
    #[arg(long)]
    changed: bool,
    /// Prove again what was proved before, too.
    #[arg(long)]
    afresh: bool,
}

/// Proves what no earlier call proved, and fails when a removal is unnoticed, does not apply or does not compile.
pub(crate) async fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let mut claims =
        claims(&read(&project.root().join(removals::FILE))?, &read(&project.root().join(rows::FILE))?)?;
    for control in &args.only {
        let known = claims.iter().any(|claim| claim.removal.control == *control);
        ensure!(known, "{} has no removal of {control}: write one, or name another control", removals::FILE);
    }
    claims.retain(|claim| args.only.is_empty() || args.only.contains(&claim.removal.control));
    if args.changed {
        let changes = changed::since_main(project)?;
        claims.retain(|claim| changes.concern(claim));
        println!("{} removals are of controls that differ from main", claims.len());
    }
    let mut proofs = ProofCache::open(project)?;
    if args.afresh {
        for claim in &claims {
            proofs.invalidate(&claim.removal.control);
        }
    }
    if !args.prove {
        return tell(project, &claims, &proofs);
    }
    let mut stop = StopSignals::listen()?;
    let proving = prove_all(project, &claims, &mut proofs);
    match stop.unless_asked(proving).await {
        Some(outcome) => outcome,
        None => anyhow::bail!("stopped; the same command goes on where this ended"),
    }
}

/// Each removal with the tests of its control's row.
fn claims(removals: &str, controls: &str) -> anyhow::Result<Vec<Claim>> {
    let rows: BTreeMap<_, _> =
        rows::parse(controls).into_iter().map(|Row { control, tests }| (control, tests)).collect();
    let claim = |removal: Removal| {
        let tests = rows.get(&removal.control).cloned().unwrap_or_default();
        let control = &removal.control;
        ensure!(!tests.is_empty(), "{} names no test for {control}: name those that hold it", rows::FILE);
        Ok(Claim { removal, tests })
    };
    removals::parse(removals)?.into_iter().map(claim).collect()
}

async fn prove_all(project: &Project, claims: &[Claim], proofs: &mut ProofCache) -> anyhow::Result<()> {
    let mut prover = Prover::new(project)?;
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    let progress = Progress::start("removals", claims.len() as u64);
    for (index, claim) in claims.iter().enumerate() {
        let Removal { control, file, loss, .. } = &claim.removal;
        progress.println(&format!("\n{control}  {file}: {loss}"));
        progress.set(index as u64, control);
        let noticed = match proofs.get(prover.project(), claim)? {
            Some(noticed) => Ok(noticed),
            None => prover.prove(claim).await?,
        };
        match noticed {
            Ok(noticed) => {
                proofs.insert(prover.project(), claim, &noticed)?;
                lines.push(format!("{control}  {loss}: {noticed}"));
                progress.println(&format!("{control}  noticed by {noticed}"));
            }
            Err(fault) => {
                progress.println(&format!("{control}  NOT NOTICED: {fault}"));
                faults.push(format!("{control}  {loss}: {fault}"));
            }
        }
    }
    drop(progress);
    println!("\n{}", lines.join("\n"));
    ensure!(
        faults.is_empty(),
        "{} removals show nothing; write the test that misses the control, or name it in {}:\n{}",
        faults.len(),
        rows::FILE,
        faults.join("\n")
    );
    println!("\neach of the {} removals is noticed by a test that its control names", claims.len());
    Ok(())
}

/// Prints which proofs are stored, without running a test.
fn tell(project: &Project, claims: &[Claim], proofs: &ProofCache) -> anyhow::Result<()> {
    for claim in claims {
        let Removal { control, loss, .. } = &claim.removal;
        let known = proofs.get(project, claim).context("cannot say what was proved")?;
        let known = known
            .map_or_else(|| "not proved since it changed".to_owned(), |test| format!("noticed by {test}"));
        println!("{control}  {loss}: {known}");
    }
    println!("\n`cargo xtask controls --prove` proves what is missing");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The controls whose removal has to be noticed.
    const AT_LEAST: [&str; 19] = [
        "C03", "C04", "C05", "C08", "C09", "C10", "C11", "C15", "C16", "C17", "C18", "C20", "C21", "C22",
        "C25", "C31", "C32", "C47", "C50",
    ];

    fn claims() -> Vec<Claim> {
        let project = Project::here();
        let text = |file: &str| read(&project.root().join(file)).expect("it is there");
        super::claims(&text(removals::FILE), &text(rows::FILE)).expect("a list")
    }

    #[test]
    fn every_removal_applies() {
        let project = Project::here();
        for Claim { removal, tests } in claims() {
            let text = read(&project.root().join(&removal.file)).expect("its file is there");
            let changed = removal.applied(&text).expect("it applies");
            assert_ne!(changed, text, "{}", removal.control);
            for test in tests {
                test.target(project.root()).unwrap_or_else(|error| panic!("{}: {error}", removal.control));
            }
        }
    }

    #[test]
    fn every_code_control_has_a_removal() {
        let claims = claims();
        let without: Vec<_> = AT_LEAST
            .iter()
            .filter(|control| !claims.iter().any(|claim| claim.removal.control == **control))
            .collect();
        assert!(without.is_empty(), "{} has no removal of {without:?}", removals::FILE);
    }
}
