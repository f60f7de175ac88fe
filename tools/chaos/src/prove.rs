//! The proof that the checker can find something: faults planted in the worker, one at a time. Each must be found by the
//! promise that it breaks, and the same run without it must break none.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::ensure;
use project::Project;

use super::{
    check::invariant,
    cluster::Setup,
    engine::{Engine, engines},
    order_trace,
    run::{self, Outcome, Size},
};
/// A fault that is planted.
struct InjectedFault {
    /// As `src/store/fault_injection.rs` knows it.
    name: &'static str,
    meaning: &'static str,
    /// The promise that it breaks.
    breaks: &'static str,
    place: Place,
}

/// The database engines on which a fault is injected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    File,
    Server,
    Everywhere,
}

impl Place {
    fn holds(self, engine: &Engine) -> bool {
        match self {
            Self::File => matches!(engine, Engine::Sqlite),
            Self::Server => !matches!(engine, Engine::Sqlite),
            Self::Everywhere => true,
        }
    }
}

const INJECTED: [InjectedFault; 5] = [
    InjectedFault {
        name: "outbox-apart",
        meaning: "the outbox row is written after the transaction that changes the status",
        breaks: invariant::ONE_ROW,
        place: Place::File,
    },
    InjectedFault {
        name: "inbox-off",
        meaning: "a message is acted on as often as it comes",
        breaks: invariant::ONE_EFFECT,
        place: Place::Everywhere,
    },
    InjectedFault {
        name: "key-apart",
        meaning: "the idempotency row is written after the transaction that keeps the order",
        breaks: invariant::ONE_ORDER,
        place: Place::File,
    },
    InjectedFault {
        name: "commit-late",
        meaning: "an order is acknowledged before it is committed",
        breaks: invariant::KEPT,
        place: Place::File,
    },
    InjectedFault {
        name: "pool-keeps-silent",
        meaning: "a connection whose server fell silent is used again",
        breaks: invariant::RECOVERED,
        place: Place::Server,
    },
];

/// Enough to meet each planted fault, little enough for every change.
const SMALL: Size = Size { operations: 250, kills: 10, deliveries: 0, seconds: 120 };

/// Runs that may miss a fault before the checker counts as blind to it.
const TRIES: u64 = 3;

/// Plants each fault and sees it found.
pub(super) async fn run(project: &Project, seed: u64) -> anyhow::Result<()> {
    let worker = project.build_worker_with_feature("fault-injection")?;
    for engine in engines(None)? {
        let mut prover = Prover { project, worker: &worker, engine, clean: BTreeSet::new() };
        let planted: Vec<_> = INJECTED.iter().filter(|planted| planted.place.holds(&prover.engine)).collect();
        for planted in planted {
            prover.prove(planted, seed).await?;
        }
    }
    println!("\nevery planted fault was found; `cargo xtask chaos` runs without them");
    Ok(())
}

struct Prover<'a> {
    project: &'a Project,
    worker: &'a PathBuf,
    engine: Engine,
    /// Seeds whose runs without a planted fault broke nothing.
    clean: BTreeSet<u64>,
}

impl Prover<'_> {
    async fn prove(&mut self, planted: &InjectedFault, seed: u64) -> anyhow::Result<()> {
        let InjectedFault { name, meaning, breaks, .. } = planted;
        for seed in seed..seed.saturating_add(TRIES) {
            println!("\n{name} on {}, seed {seed}: {meaning}", self.engine.name());
            let outcome = self.run(seed, Some(name)).await?;
            println!("{}", outcome.summary());
            let mut found = outcome.violations.iter().filter(|violation| violation.invariant == *breaks);
            if let Some(first) = found.next() {
                println!("found {} times: {breaks}; first: {}", found.count() + 1, first.found);
                if let Some(order) = &first.order {
                    println!("{}", order_trace::of(order, &outcome.evidence));
                }
                return self.check_without_fault(seed).await;
            }
        }
        anyhow::bail!(
            "{name} was planted, and in {TRIES} runs nothing said `{breaks}`: the checker is blind to it"
        )
    }

    /// What was found is the planted fault's doing only if the same run without it breaks nothing.
    async fn check_without_fault(&mut self, seed: u64) -> anyhow::Result<()> {
        if self.clean.insert(seed) {
            println!("\nnothing planted on {}, seed {seed}", self.engine.name());
            let outcome = self.run(seed, None).await?;
            println!("{}", outcome.summary());
            let first = outcome.violations.first();
            ensure!(first.is_none(), "nothing was planted, and this was found: {first:?}");
        }
        Ok(())
    }

    async fn run(&self, seed: u64, injected_fault: Option<&str>) -> anyhow::Result<Outcome> {
        let setup = Setup { worker: self.worker, clocks: true, injected_fault };
        Box::pin(run::run(self.project, setup, &self.engine, SMALL, seed)).await
    }
}
