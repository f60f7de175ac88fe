//! The instructions of a request, compared with those that were kept. They depend on the code and on where it was
//! compiled and run, and not on what else the machine does.

mod surroundings;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use project::Project;
use serde::{Deserialize, Serialize};

use self::surroundings::Surroundings;
use crate::callgrind::{Bench, Valgrind};

/// Counted requests of each kind: so many that the start of a process, which takes another number of instructions each
/// time, weighs less than half a percent.
const REQUESTS: u32 = 1000;
/// How far a count may be from the kept one, in thousandths.
const TOLERANCE: u64 = 30;

/// How often requests are counted before a difference is believed. On a busy machine an answer of the database can arrive
/// before the slowed worker waits for it, which takes other instructions.
const ATTEMPTS: u32 = 3;

/// Counts, and where they were made.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Counted {
    surroundings: Surroundings,
    /// By function.
    instructions: BTreeMap<String, u64>,
}

/// Counts beside those that are kept.
#[derive(Debug, Default)]
struct Comparison {
    /// One for each function.
    lines: Vec<String>,
    /// The functions that are out of the tolerance.
    out: Vec<String>,
}

/// Counts, and prints how the counts compare with those that are kept; `check` makes an error of a difference.
pub(super) async fn compare(project: &Project, worker: &Path, check: bool) -> anyhow::Result<()> {
    let valgrind = match Valgrind::find(project) {
        Ok(valgrind) => valgrind,
        Err(error) if env::var_os("CI").is_none() => {
            println!("NOT TESTED: the instructions of a request, because {error:#}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let kept = kept(project)?;
    let surroundings = Surroundings::here(&valgrind)?;
    let Some(kept) = kept.iter().find(|counted| counted.surroundings == surroundings) else {
        println!("NOT COMPARED: the instructions of a request, because none were kept on such a machine");
        for counted in &kept {
            println!("not compared: {}", counted.surroundings.differences(&surroundings).join("; "));
        }
        println!("`cargo xtask measure --accept` keeps those of this machine too");
        return Ok(());
    };
    let mut comparison = Comparison::default();
    for _ in 0..ATTEMPTS {
        comparison = kept.compare(&count(&valgrind, worker).await?);
        for line in &comparison.lines {
            println!("{line}");
        }
        if comparison.out.is_empty() {
            break;
        }
    }
    if check && !comparison.out.is_empty() {
        bail!(
            "the instructions of {} differ by more than 3 %: `cargo xtask profile` shows which functions take them; if \
             that is meant, run `cargo xtask measure --accept` and commit the file",
            comparison.out.join(", "),
        );
    }
    Ok(())
}

/// Counts, and keeps the counts in place of those of the same surroundings.
pub(super) async fn accept(project: &Project, worker: &Path) -> anyhow::Result<()> {
    let valgrind = Valgrind::find(project)?;
    let surroundings = Surroundings::here(&valgrind)?;
    let counted = Counted { surroundings, instructions: count(&valgrind, worker).await? };
    println!("{}", serde_json::to_string_pretty(&counted).context("cannot write the counts")?);
    let mut all = kept(project)?;
    all.retain(|other| other.surroundings != counted.surroundings);
    all.push(counted);
    let text = serde_json::to_string_pretty(&all).context("cannot write the counts")? + "\n";
    fs::write(file(project), text).context("cannot keep the counts")
}

fn kept(project: &Project) -> anyhow::Result<Vec<Counted>> {
    let file = file(project);
    serde_json::from_str(&project::read(&file)?)
        .with_context(|| format!("{} has another form", file.display()))
}

async fn count(valgrind: &Valgrind, worker: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let bench = Bench::start(valgrind, worker).await?;
    let mut instructions = BTreeMap::new();
    for (request, counts) in bench.of_each(REQUESTS).await? {
        ensure!(counts.total > 0, "no instructions were counted");
        instructions.insert(request.function().to_owned(), counts.total);
    }
    Ok(instructions)
}

fn file(project: &Project) -> PathBuf {
    project.root().join("tools/xtask/instructions.json")
}

impl Counted {
    fn compare(&self, now: &BTreeMap<String, u64>) -> Comparison {
        let mut comparison = Comparison::default();
        for (function, count) in now {
            let kept = self.instructions.get(function).copied().unwrap_or_default();
            let is_out = count.abs_diff(kept) * 1000 > kept * TOLERANCE;
            let verdict = if is_out { "  out of 3 %" } else { "" };
            let line = format!("{function:<14} {count:>7} instructions  (kept {kept}){verdict}");
            comparison.lines.push(line);
            comparison.out.extend(is_out.then(|| function.clone()));
        }
        comparison
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(instructions: u64) -> Counted {
        let surroundings = Surroundings::sample("rustc 1.95.0");
        Counted { surroundings, instructions: [("GetOrder".to_owned(), instructions)].into() }
    }

    fn refused(kept: u64, now: u64) -> bool {
        let Comparison { lines, out } = counted(kept).compare(&counted(now).instructions);
        assert_eq!(lines.iter().any(|line| line.ends_with("out of 3 %")), !out.is_empty());
        !out.is_empty()
    }

    #[test]
    fn five_percent_more_instructions_are_refused() {
        assert!(refused(100_000, 105_000));
        assert!(refused(100_000, 103_001));
        assert!(!refused(100_000, 103_000) && !refused(100_000, 97_000));
    }

    #[test]
    fn five_percent_fewer_have_to_be_kept_anew() {
        assert!(refused(100_000, 95_000));
    }

    #[test]
    fn a_function_that_was_never_counted_is_refused() {
        let kept = Counted { instructions: BTreeMap::new(), ..counted(1) };
        assert_eq!(kept.compare(&counted(1).instructions).out, ["GetOrder"]);
    }

    #[test]
    fn every_kept_count_has_each_function() {
        for counted in kept(&Project::here()).unwrap() {
            let functions: Vec<_> = counted.instructions.keys().map(String::as_str).collect();
            assert_eq!(functions, ["CreateOrder", "GetOrder"]);
        }
    }
}
