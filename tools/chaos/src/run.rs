//! One run, from an empty database to its evidence.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use functions_emulator::clock::Clock;
use project::Project;
use terminal::Progress;
use tokio::{
    sync::watch,
    time::{interval, timeout},
};

use super::{
    check::{Evidence, Violation},
    clients::Clients,
    cluster::{Setup, TestCluster},
    engine::Engine,
    faults::{Plan, Scope},
    journal::Journal,
    known_orders::KnownOrders,
    log_listener::LogListener,
    quiescence,
    record::Reader,
    rng::Rng,
};
/// How much is done in a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Operations that are answered, at least.
    pub(super) operations: u64,
    /// Workers that are killed for as many operations; more operations come with more of every fault.
    pub(super) kills: u64,
    /// Messages that are delivered, at least.
    pub(super) deliveries: u64,
    /// The longest that clients work.
    pub(super) seconds: u64,
}

/// What a run showed.
pub(super) struct Outcome {
    pub(super) evidence: Evidence,
    pub(super) violations: Vec<Violation>,
    operations: u64,
    /// Orders that were placed by a wrong clock.
    misdated: usize,
    time_of_work: Duration,
    took: Duration,
}

/// Seconds by which one clock is ahead until it jumps.
const CLOCK_LEAD: i64 = 3600;

/// The time between two looks at the counts.
const INTERVAL: Duration = Duration::from_millis(250);

/// Lets clients work under faults, waits for rest and checks.
///
/// # Errors
/// When the run itself could not be made; a broken promise is no error here.
pub(super) async fn run(
    project: &Project,
    setup: Setup<'_>,
    engine: &Engine,
    size: Size,
    seed: u64,
) -> anyhow::Result<Outcome> {
    let (start, began) = (Instant::now(), Clock::system().now().timestamp_micros());
    let (cluster, log) = TestCluster::start(project, &setup, engine).await?;
    // The workers disagree about the time from the beginning.
    cluster.nodes[1].clock.jump(CLOCK_LEAD)?;
    let run = Run { setup, engine, size, cluster, listening: LogListener::to(log) };
    run.cluster.nodes[0].api.stock().await?;
    let (journal, pool, done) =
        (Journal::begin(), KnownOrders::new(&run.cluster.users), watch::Sender::new(0));
    let clients = Clients { cluster: &run.cluster, journal: &journal, pool: &pool, done: &done };
    let time_of_work = Box::pin(run.work(&clients, Rng::new(seed))).await?;
    let operations = *done.borrow();
    let mut reader = Reader::open(&run.cluster.database).await?;
    let unrest = quiescence::wait_until_idle(&run.cluster, &mut reader).await?;
    clients.read_all().await;
    let record = reader.record().await?;
    // A connection that stays open would hold off the end of its server.
    drop(reader);
    let users: BTreeMap<String, String> =
        run.cluster.users.iter().map(|person| (person.name.clone(), person.object_id.to_string())).collect();
    run.cluster.stop().await;
    let log = run.listening.end().await;
    let evidence = Evidence { entries: journal.entries(), record, log, users, unrest };
    let misdated = evidence.misdated(began, Clock::system().now().timestamp_micros());
    ensure!(misdated > 0 || !setup.clocks, "no order is of another time: the workers' clocks did not jump");
    let violations = evidence.violations();
    Ok(Outcome { evidence, violations, operations, misdated, time_of_work, took: start.elapsed() })
}

/// A run that is under way.
struct Run<'a> {
    setup: Setup<'a>,
    engine: &'a Engine,
    size: Size,
    cluster: TestCluster,
    listening: LogListener,
}

impl Run<'_> {
    /// Lets clients work until enough was done and every fault has happened; returns how long that took.
    async fn work(&self, clients: &Clients<'_>, mut rng: Rng) -> anyhow::Result<Duration> {
        let (mut luck, over) = (rng.split(), AtomicBool::new(false));
        let (begin, limit) = (Instant::now(), Duration::from_secs(self.size.seconds));
        let faults = async {
            let happened = timeout(limit, Box::pin(self.faults(clients, &mut luck))).await;
            over.store(true, Ordering::Relaxed);
            happened
        };
        let all = async { tokio::join!(clients.work(&mut rng, || over.load(Ordering::Relaxed)), faults).1 };
        let happened = tokio::select! {
            happened = all => happened,
            never = self.tell(clients) => match never {},
        };
        let cut_short = || {
            format!(
                "{} operations were answered and {} messages delivered within {} s: allow more with --seconds",
                *clients.done.borrow(),
                self.listening.deliveries(),
                self.size.seconds
            )
        };
        happened.with_context(cut_short)??;
        Ok(begin.elapsed())
    }

    /// Injects the faults of one plan after another, as long as more operations are needed.
    async fn faults(&self, clients: &Clients<'_>, luck: &mut Rng) -> anyhow::Result<()> {
        let Size { operations, kills, deliveries, .. } = self.size;
        let mut from = 0;
        while from == 0 || self.listening.deliveries() < deliveries {
            let server = !matches!(self.engine, Engine::Sqlite);
            let scope = Scope { from, operations, kills, server, clocks: self.setup.clocks };
            let plan = Plan::draw(luck, scope);
            Box::pin(plan.carry_out(&self.cluster, clients.journal, clients.done)).await?;
            from += operations;
            clients.done.subscribe().wait_for(|done| *done >= from).await?;
        }
        Ok(())
    }

    /// Shows how far it is: by deliveries where a number of them was asked for, else by operations.
    async fn tell(&self, clients: &Clients<'_>) -> Infallible {
        let Size { operations, deliveries, .. } = self.size;
        let by_deliveries = deliveries > 0;
        let progress = if by_deliveries {
            Progress::start("deliveries", deliveries)
        } else {
            Progress::start("operations", operations)
        };
        let mut times = interval(INTERVAL);
        loop {
            times.tick().await;
            let (done, delivered) = (*clients.done.borrow(), self.listening.deliveries());
            let kills = clients.journal.kills();
            if by_deliveries {
                progress.set(delivered, &format!("{done} operations, {kills} kills"));
            } else {
                progress.set(done, &format!("{delivered} deliveries, {kills} kills"));
            }
        }
    }
}

impl Outcome {
    /// What was done and how long it took, in two lines.
    pub(super) fn summary(&self) -> String {
        let Evidence { entries, record, log, .. } = &self.evidence;
        let acknowledged = entries.calls.iter().filter(|call| call.acknowledged().is_some()).count();
        let sendings: i64 = record.outbox.iter().map(|message| message.sent).sum();
        format!(
            "{} operations answered in {:.1} s ({acknowledged} of {} calls acknowledged), {} workers killed, {} faults and returns\n\
             {} orders ({} by a wrong clock), {} dead letters, {} deliveries, {} outbox rows sent {sendings} times, backend called {} times; {:.1} s in all",
            self.operations,
            self.time_of_work.as_secs_f64(),
            entries.calls.len(),
            entries.kills(),
            entries.faults.len(),
            record.orders.len(),
            self.misdated,
            record.dead_letters.len(),
            log.deliveries,
            record.outbox.len(),
            log.calls.values().sum::<u64>(),
            self.took.as_secs_f64(),
        )
    }
}
