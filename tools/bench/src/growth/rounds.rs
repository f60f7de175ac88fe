//! Every function at every scale, in turn, so that whatever else the machine does strikes all scales alike.

use std::{net::SocketAddr, time::Instant};

use anyhow::{Context as _, ensure};
use sqlx::PgConnection;
use terminal::Progress;
use tokio::task::JoinSet;

use super::{
    added,
    bounds::{BAR, CLIENTS},
    fill::OPEN,
    filled::Filled,
    function::Function,
    measured::{Measured, ratio},
    orders::Stored,
};
use crate::{http::Connection, sample::Sample};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// Of every function. One whose p99 grew beyond the bar gets as many again, because a bar that holds can look
    /// broken on a machine with other work.
    pub(super) rounds: u32,
    /// Calls of a function in a round.
    pub(super) calls: u32,
    /// Of a timer.
    pub(super) timer_calls: u32,
}

impl Extent {
    pub(super) fn of(quick: bool) -> Self {
        if quick {
            return Self { rounds: 1, calls: 80, timer_calls: 5 };
        }
        Self { rounds: 9, calls: 1200, timer_calls: 20 }
    }
}

/// Measures all functions at all scales, from the smallest scale on.
pub(super) async fn measure(
    filled: &mut [Filled],
    extent: Extent,
    now: i64,
) -> anyhow::Result<Vec<Measured>> {
    let mut measured = Vec::new();
    let mut functions = Function::ALL.to_vec();
    for again in 0..2 {
        let rounds = again * extent.rounds..(again + 1) * extent.rounds;
        let progress = Progress::start("rounds", u64::from(extent.rounds));
        for round in rounds {
            for &function in &functions {
                for which in turns(filled.len(), round) {
                    let sample = once(&mut filled[which], function, round, extent, now).await?;
                    let orders = filled[which].scale.orders;
                    measured.push(Measured { function, orders, round, sample });
                }
            }
            for database in &mut *filled {
                added::remove(&mut database.connection).await?;
            }
            progress.set(u64::from(round % extent.rounds + 1), "");
        }
        functions.retain(|&function| ratio(&measured, function).is_some_and(|ratio| ratio > BAR));
        if functions.is_empty() {
            break;
        }
    }
    Ok(measured)
}

/// Another scale first in each round.
fn turns(scales: usize, round: u32) -> Vec<usize> {
    let mut turns: Vec<usize> = (0..scales).collect();
    turns.rotate_left(round as usize % scales.max(1));
    turns
}

async fn once(
    filled: &mut Filled,
    function: Function,
    round: u32,
    extent: Extent,
    now: i64,
) -> anyhow::Result<Sample> {
    let stored = Stored { count: filled.scale.orders };
    let (address, status) = (filled.worker.address(), function.status());
    let said = || format!("{} at {} orders", function.name(), filled.scale.name);
    if function.is_timer() {
        let (mut micros, began) = (Vec::new(), Instant::now());
        for call in 0..extent.timer_calls {
            added::prepare(&mut filled.connection, function, round, call..call + 1, now).await?;
            let requests = function.requests(stored, address.port(), round, call..call + 1);
            micros.extend(send(address, status, requests, 0).await.with_context(said)?);
            if function == Function::RelayOutbox {
                check_sent(&mut filled.connection).await.with_context(said)?;
            }
        }
        return Sample::of(micros, began.elapsed().as_secs_f64()).with_context(said);
    }
    added::prepare(&mut filled.connection, function, round, 0..extent.calls, now).await?;
    let requests = function.requests(stored, address.port(), round, 0..extent.calls);
    let began = Instant::now();
    let micros = replay(address, status, requests).await.with_context(said)?;
    let took = began.elapsed().as_secs_f64();
    if function == Function::FulfilOrder {
        check_fulfilled(&mut filled.connection, extent.calls).await.with_context(said)?;
    }
    Sample::of(micros, took).with_context(said)
}

/// A message that cannot be read is recorded instead of sent.
async fn check_sent(connection: &mut PgConnection) -> anyhow::Result<()> {
    let query = "SELECT count(*) FROM outbox WHERE consumed_at IS NULL AND sent = 2";
    let sent: i64 = sqlx::query_scalar(query).fetch_one(connection).await?;
    ensure!(sent == i64::from(OPEN), "{sent} of {OPEN} messages were sent");
    Ok(())
}

/// A fulfilment message that says nothing to the worker is answered as fast, and proves nothing.
async fn check_fulfilled(connection: &mut PgConnection, calls: u32) -> anyhow::Result<()> {
    let query = "SELECT count(*) FROM orders
         WHERE id >= CAST($1 AS UUID) AND status = 'fulfilled' AND version = 2";
    let fulfilled: i64 =
        sqlx::query_scalar(query).bind(super::orders::FIRST_ADDED).fetch_one(connection).await?;
    ensure!(fulfilled == i64::from(calls), "{fulfilled} of {calls} orders were fulfilled");
    Ok(())
}

/// Sends the requests by all clients, and gives the latencies in microseconds without those of the first tenth.
async fn replay(address: SocketAddr, status: u16, requests: Vec<Vec<u8>>) -> anyhow::Result<Vec<u32>> {
    let each = requests.len().div_ceil(CLIENTS as usize).max(1);
    let shares: Vec<Vec<Vec<u8>>> = requests.chunks(each).map(<[Vec<u8>]>::to_vec).collect();
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut clients = JoinSet::new();
            for share in shares {
                let skip = share.len() / 10;
                clients.spawn(send(address, status, share, skip));
            }
            let mut micros = Vec::new();
            while let Some(of_client) = clients.join_next().await {
                micros.extend(of_client.context("a client panicked")??);
            }
            anyhow::Ok(micros)
        })
    };
    tokio::task::spawn_blocking(work).await.context("the load generator panicked")?
}

/// Sends them one after the other; the latencies in microseconds, without those of the first `skip`.
async fn send(
    address: SocketAddr,
    status: u16,
    requests: Vec<Vec<u8>>,
    skip: usize,
) -> anyhow::Result<Vec<u32>> {
    let mut connection = Connection::open(address).await.context("cannot connect")?;
    let mut micros = Vec::with_capacity(requests.len());
    for request in requests {
        let began = Instant::now();
        let answer = connection.exchange(&request).await.context("an exchange broke")?;
        micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
        let said = String::from_utf8_lossy(answer.body);
        ensure!(answer.status == status, "{} instead of {status}: {said}", answer.status);
    }
    Ok(micros.split_off(skip.min(micros.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_take_turns() {
        assert_eq!([turns(2, 0), turns(2, 1), turns(2, 2)], [[0, 1], [1, 0], [0, 1]]);
        assert_eq!(turns(3, 1), [1, 2, 0]);
    }
}
