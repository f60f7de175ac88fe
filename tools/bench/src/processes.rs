//! Several worker processes on one database. They share the processors, so rates would say how many processors there
//! are; what a request takes, what it waits for, and what the processes promise together say more.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde::Serialize;
use terminal::Progress;
use test_servers::Handler;
use tokio::task::JoinSet;

use crate::{
    database::Database,
    load::{Load, Requests},
    machine::Machine,
    process,
    requests::{Caller, NEW_ORDER, Operation, WRITER},
    rounds::Size,
    server::Programs,
};

mod promises;
mod start;
mod table;
mod waits;

use promises::{Audit, RateLimit};
use start::{POOL, start};

/// Processes at a time.
const PROCESSES: [u32; 4] = [1, 2, 4, 8];
/// Clients, spread over the processes evenly.
const CLIENTS: u32 = 16;

/// What the clients ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
enum Work {
    GetOrder,
    CreateOrder,
    /// Each key is used by two clients at the same time, of different processes where there are several.
    SharedKey,
}

impl Work {
    const ALL: [Self; 3] = [Self::GetOrder, Self::CreateOrder, Self::SharedKey];

    const fn name(self) -> &'static str {
        match self {
            Self::GetOrder => "GetOrder",
            Self::CreateOrder => "CreateOrder",
            Self::SharedKey => "CreateOrder, each key twice",
        }
    }

    fn requests(self, run: u32, client: u32) -> Requests {
        match self {
            Self::GetOrder => Operation::GetOrder.requests(run, client),
            Self::CreateOrder => Operation::CreateOrder.requests(run, client),
            Self::SharedKey => {
                let (caller, mut turn) = (Caller::of(WRITER), 0_u32);
                let pair = client % (CLIENTS / 2);
                Box::new(move |request| {
                    turn += 1;
                    let invocation = format!("{run:08x}-{client:04x}-4000-8000-{turn:012x}");
                    let key = format!("Idempotency-Key: shared-{run}-{pair}-{turn}\r\n");
                    caller.write(request, "POST /api/orders", &invocation, &key, NEW_ORDER);
                })
            }
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::GetOrder => 200,
            Self::CreateOrder | Self::SharedKey => 201,
        }
    }
}

/// One round of some work by some processes.
#[derive(Clone, Debug, Serialize)]
struct Measured {
    work: Work,
    processes: u32,
    /// Processor time of a request in all processes, in microseconds, where the system reports it.
    worker: Option<f64>,
    /// The same of PostgreSQL.
    database: Option<f64>,
    /// Time that a request waits for locks of rows and transactions, in microseconds.
    lock: f64,
    /// Sessions that wait at a time, on average, by what they wait for.
    waits: BTreeMap<String, f64>,
}

/// All that a run measured.
#[derive(Debug, Serialize)]
struct Processes {
    machine: Machine,
    busy: Option<f64>,
    measured: Vec<Measured>,
    rate_limits: Vec<RateLimit>,
    audits: Vec<Audit>,
}

/// Measures, prints the tables, and keeps the raw data.
///
/// # Errors
/// What cannot be measured, and a promise that is not kept.
pub(crate) async fn run(
    programs: &Programs,
    database: &Database,
    size: Size,
    folder: &Path,
) -> anyhow::Result<()> {
    let busy = process::load();
    let mut measured = Vec::new();
    let total = size.rounds * u32::try_from(PROCESSES.len() * Work::ALL.len())?;
    let progress = Progress::start("runs", u64::from(total));
    for round in 0..size.rounds {
        for turn in 0..PROCESSES.len() {
            let processes = PROCESSES[(turn + round as usize) % PROCESSES.len()];
            let workers = start(programs, database, processes, &[])?;
            for work in Work::ALL {
                let number = u32::try_from(measured.len())?;
                measured.push(measure(database, &workers, work, size, number).await?);
                progress.set(u64::from(number) + 1, work.name());
            }
        }
    }
    drop(progress);
    let (mut rate_limits, mut audits) = (Vec::new(), Vec::new());
    for processes in PROCESSES {
        rate_limits.push(promises::rate_limit(programs, database, processes).await?);
        audits.push(promises::audit(programs, database, processes).await?);
    }
    let all = Processes { machine: Machine::this(), busy, measured, rate_limits, audits };
    println!("\n{}", all.tables());
    let raw = crate::raw_data::save(folder, "processes-", &all)?;
    println!("raw data in {}", raw.display());
    anyhow::ensure!(all.holds(), "a promise about several processes is said above as NOT MET");
    Ok(())
}

async fn measure(
    database: &Database,
    workers: &[Handler],
    work: Work,
    size: Size,
    number: u32,
) -> anyhow::Result<Measured> {
    let own = || workers.iter().map(|worker| process::processor_time(worker.pid())).sum::<Option<Duration>>();
    let processes = u32::try_from(workers.len())?;
    let load = Load { clients: CLIENTS / processes, warm_up: size.warm_up, time: size.time, every: None };
    let looking = waits::look(database.connect().await?, size.warm_up + size.time);
    let (before, began) = ((own(), database.processor_time()), Instant::now());
    let mut loads = JoinSet::new();
    for (first, worker) in workers.iter().enumerate() {
        let (address, first) = (worker.address(), u32::try_from(first)?);
        // Neighbouring clients work with different processes.
        let requests = move |client: u32| work.requests(number, client * processes + first);
        loads.spawn(async move { load.on(address, work.status(), requests).await });
    }
    let mut rate = 0.0;
    while let Some(sample) = loads.join_next().await {
        rate += sample.context("a load generator panicked")??.rate;
    }
    let requests = rate * began.elapsed().as_secs_f64();
    let after = (own(), database.processor_time());
    let each = |before: Option<Duration>, after: Option<Duration>| {
        Some(after?.saturating_sub(before?).as_secs_f64() * 1e6 / requests)
    };
    let waits = looking.await.context("the look at the sessions panicked")??;
    let lock = waits.get("Lock").copied().unwrap_or(0.0) * 1e6 / rate;
    Ok(Measured {
        work,
        processes,
        worker: each(before.0, after.0),
        database: each(before.1, after.1),
        lock,
        waits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clients_share_a_key_and_no_more() {
        let key = |client| {
            let mut request = Vec::new();
            Work::SharedKey.requests(7, client)(&mut request);
            let request = String::from_utf8(request).expect("text");
            request.lines().find(|line| line.starts_with("Idempotency-Key")).expect("a key").to_owned()
        };
        let mut keys: Vec<String> = (0..CLIENTS).map(key).collect();
        keys.sort();
        let pairs: Vec<&[String]> = keys.chunks(2).collect();
        assert!(pairs.iter().all(|pair| pair[0] == pair[1]));
        assert!(pairs.windows(2).all(|pairs| pairs[0] != pairs[1]));
    }

    #[test]
    fn clients_divide_evenly() {
        assert!(PROCESSES.iter().all(|processes| CLIENTS.is_multiple_of(*processes)));
    }
}
