//! One run, from an empty database to its evidence.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::{sync::watch, time::timeout};

use super::{
    calls::Listening,
    check::{Evidence, Violation},
    clients::Clients,
    dice::Dice,
    faults::Plan,
    journal::Journal,
    pool::Pool,
    record::Reader,
    rest,
    world::World,
};
use crate::project::Project;

/// How much is done in a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Operations that are answered, at least.
    pub(super) operations: u64,
    /// Workers that are killed.
    pub(super) kills: u64,
    /// The longest that clients work.
    pub(super) seconds: u64,
}

/// What a run showed.
pub(super) struct Outcome {
    pub(super) evidence: Evidence,
    pub(super) violations: Vec<Violation>,
    operations: u64,
    time_of_work: Duration,
    took: Duration,
}

/// Lets clients work under faults, waits for rest and checks.
///
/// # Errors
/// When the run itself could not be made; a broken promise is no error here.
pub(super) async fn run(
    project: &Project,
    worker: &Path,
    size: Size,
    seed: u64,
    sabotage: Option<&str>,
) -> anyhow::Result<Outcome> {
    let start = Instant::now();
    let (world, heard) = World::start(project, worker, sabotage).await?;
    let listening = Listening::to(heard);
    world.sites[0].callers.stock().await?;
    let mut dice = Dice::new(seed);
    let plan = Plan::draw(&mut dice, size.operations, size.kills);
    let (journal, pool, done) = (Journal::begin(), Pool::new(&world.people), watch::Sender::new(0));
    let clients = Clients { world: &world, journal: &journal, pool: &pool, done: &done };
    let struck = AtomicBool::new(false);
    let working = Instant::now();
    let faults = async {
        plan.carry_out(&world, &journal, &done).await;
        struck.store(true, Ordering::Relaxed);
    };
    let over = || working.elapsed().as_secs() >= size.seconds;
    let enough = || over() || (*done.borrow() >= size.operations && struck.load(Ordering::Relaxed));
    let limit = Duration::from_secs(size.seconds);
    let ((), _struck_in_time) = tokio::join!(clients.work(&mut dice, enough), timeout(limit, faults));
    let (operations, time_of_work) = (*done.borrow(), working.elapsed());
    ensure!(
        operations >= size.operations && struck.load(Ordering::Relaxed),
        "{operations} operations were answered within {} s: allow more with --seconds",
        size.seconds
    );
    let mut reader = Reader::open(world.database()).await?;
    let unrest = rest::come_to_rest(&world, &mut reader).await?;
    clients.look_at_all().await;
    let record = reader.record().await?;
    let people: BTreeMap<String, String> =
        world.people.iter().map(|person| (person.name.clone(), person.object_id.to_string())).collect();
    world.stop().await;
    let heard = listening.end().await;
    let evidence = Evidence { pages: journal.pages(), record, heard, people, unrest };
    let violations = evidence.violations();
    Ok(Outcome { evidence, violations, operations, time_of_work, took: start.elapsed() })
}

impl Outcome {
    /// What was done and how long it took, in two lines.
    pub(super) fn summary(&self) -> String {
        let Evidence { pages, record, heard, .. } = &self.evidence;
        let acknowledged = pages.calls.iter().filter(|call| call.acknowledged().is_some()).count();
        let sendings: i64 = record.outbox.iter().map(|message| message.sent).sum();
        format!(
            "{} operations answered in {:.1} s ({acknowledged} of {} calls acknowledged), {} workers killed, {} faults\n\
             {} orders, {} deliveries, {} outbox rows sent {sendings} times, backend called {} times; {:.1} s in all",
            self.operations,
            self.time_of_work.as_secs_f64(),
            pages.calls.len(),
            pages.kills(),
            pages.blows.len(),
            record.orders.len(),
            heard.deliveries,
            record.outbox.len(),
            heard.calls.values().sum::<u64>(),
            self.took.as_secs_f64(),
        )
    }
}
