//! What several processes promise together: the rate limit counts for each process, and every change is recorded once.

use std::{
    io::{BufRead as _, BufReader},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde::Serialize;
use tokio::task::JoinSet;

use super::start::{POOL, start};
use crate::{
    database::Database,
    http::Connection,
    requests::{Operation, STORED_ORDERS},
    server::{self, Peer, Programs},
};

const RATE: u32 = 20;
const BURST: u32 = 40;
/// The default of `ORDERS_RATE_LIMIT`.
const LIMIT: &str = "20/s burst 40";
/// Requests of one caller at each process, far more than the limit lets through meanwhile.
const REQUESTS: u32 = 400;
/// Orders that are placed at each process.
const PLACED: u32 = 50;
/// A line of the log comes within this time.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One caller at all processes at once.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct RateLimit {
    pub(super) processes: u32,
    pub(super) seconds: f64,
    /// Requests that were served; all others were 429.
    pub(super) served: u32,
}

impl RateLimit {
    /// What the processes let through in this time, if each counts for itself.
    pub(super) fn allowed(&self) -> f64 {
        f64::from(self.processes) * (f64::from(BURST) + f64::from(RATE) * self.seconds)
    }

    /// Each process lets its burst through, and no process more than its limit.
    pub(super) fn holds(&self) -> bool {
        self.served >= self.processes * BURST && f64::from(self.served) <= self.allowed()
    }
}

/// Orders placed at all processes at once.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Audit {
    pub(super) processes: u32,
    pub(super) placed: u64,
    /// History entries that the orders have.
    pub(super) entries: u64,
    /// Audit lines in the logs of all processes.
    pub(super) lines: u64,
}

impl Audit {
    pub(super) fn holds(&self) -> bool {
        self.entries == self.placed && self.lines == self.placed
    }
}

pub(super) async fn rate_limit(
    programs: &Programs,
    database: &Database,
    processes: u32,
) -> anyhow::Result<RateLimit> {
    let workers = start(programs, database, processes, &[("ORDERS_RATE_LIMIT", LIMIT)])?;
    let (began, mut callers) = (Instant::now(), JoinSet::new());
    for worker in &workers {
        callers.spawn(call(worker.address(), Operation::GetOrder, REQUESTS));
    }
    let mut served = 0;
    while let Some(of_one) = callers.join_next().await {
        served += of_one.context("a caller panicked")??;
    }
    Ok(RateLimit { processes, seconds: began.elapsed().as_secs_f64(), served })
}

/// Sends requests one after the other; how many were served. Any other answer than 429 is an error.
async fn call(address: std::net::SocketAddr, operation: Operation, requests: u32) -> anyhow::Result<u32> {
    let mut connection = Connection::open(address).await?;
    let mut write = operation.requests(u32::from(address.port()), requests % STORED_ORDERS);
    let (mut request, mut served) = (Vec::new(), 0);
    for _ in 0..requests {
        request.clear();
        write(&mut request);
        let answer = connection.exchange(&request).await?;
        let good = answer.status == operation.status();
        ensure!(good || answer.status == 429, "{}", String::from_utf8_lossy(answer.body));
        served += u32::from(good);
    }
    Ok(served)
}

pub(super) async fn audit(programs: &Programs, database: &Database, processes: u32) -> anyhow::Result<Audit> {
    let mut looking = database.connect().await?;
    let mut entries = async || {
        let count = "SELECT count(*) FROM order_history WHERE action = 'place'";
        let count: i64 = sqlx::query_scalar(count).fetch_one(&mut looking).await?;
        anyhow::Ok(u64::try_from(count)?)
    };
    let before = entries().await?;
    let lines = Arc::new(AtomicU64::new(0));
    let (mut workers, mut callers) = (Vec::new(), JoinSet::new());
    for _ in 0..processes {
        let mut worker = server::spawn(Peer::Worker, programs, &database.url(), POOL, None, &[])?;
        let (log, lines) = (worker.take_log().context("the log is piped")?, Arc::clone(&lines));
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                lines.fetch_add(u64::from(line.contains("\"order-changed\"")), Ordering::Relaxed);
            }
        });
        callers.spawn(call(worker.address(), Operation::CreateOrder, PLACED));
        workers.push(worker);
    }
    let mut placed = 0;
    while let Some(of_one) = callers.join_next().await {
        placed += u64::from(of_one.context("a caller panicked")??);
    }
    let began = Instant::now();
    while lines.load(Ordering::Relaxed) < placed && began.elapsed() < TIMEOUT {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let entries = entries().await? - before;
    Ok(Audit { processes, placed, entries, lines: lines.load(Ordering::Relaxed) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_a_limit_of_its_own() {
        let two = |served| RateLimit { processes: 2, seconds: 1.0, served }.holds();
        assert!(two(80) && two(120));
        assert!(!two(79), "a burst was cut short");
        assert!(!two(121), "more than both let through");
    }

    #[test]
    fn a_change_has_one_entry_and_one_line() {
        let audit = |entries, lines| Audit { processes: 2, placed: 100, entries, lines }.holds();
        assert!(audit(100, 100));
        assert!(!audit(99, 100) && !audit(100, 101));
    }
}
