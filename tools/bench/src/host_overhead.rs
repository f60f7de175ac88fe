//! What the way through the emulator costs: its EasyAuth checks the token and sets the principal, the host proxies.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::Context as _;
use serde::Serialize;
use tokio::time::sleep;

use crate::{
    app::App,
    database::Database,
    load::{Load, Requests},
    process,
    requests::{Caller, Operation, STORED_ORDERS, stored_id},
    rounds::Size,
    sample::Sample,
};

/// `GetOrder` straight at the worker and through the host.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct HostOverhead {
    /// By one client.
    pub(crate) alone: DirectAndHost,
    /// By as many as the goals speak of.
    pub(crate) together: DirectAndHost,
    /// At a fixed rate.
    pub(crate) paced: DirectAndHost,
    /// Percent of a processor that the host takes while there are no calls, with every function of the app. None where
    /// the system does not report it.
    pub(crate) idle: Option<f64>,
}

/// The same load, directly and through the host.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct DirectAndHost {
    pub(crate) direct: Sample,
    pub(crate) through: Sample,
}

/// Requests a second of the fixed rate, and the clients that share it.
const RATE: u32 = 500;
const CLIENTS: u32 = 16;

/// Measures direct requests and requests through the host in turn, this many rounds.
pub(crate) async fn run(
    root: &Path,
    worker: &Path,
    database: &Database,
    size: Size,
) -> anyhow::Result<HostOverhead> {
    let app = App::start(root, worker, &database.url(), 4).await?;
    let one = Load { clients: 1, warm_up: size.warm_up, time: size.time, every: None };
    let many = Load { clients: CLIENTS, ..one };
    let paced = Load { every: Some(Duration::from_secs(1) * CLIENTS / RATE), ..many };
    let host_overhead = HostOverhead {
        alone: compare_paths(&app, one, size.rounds).await?,
        together: compare_paths(&app, many, size.rounds).await?,
        paced: compare_paths(&app, paced, size.rounds).await?,
        idle: idle(size.time * 4).await,
    };
    app.stop().await;
    Ok(host_overhead)
}

async fn compare_paths(app: &App, load: Load, rounds: u32) -> anyhow::Result<DirectAndHost> {
    let worker = app.host.worker_address().await?;
    let (_, port) = app.host.url().rsplit_once(':').context("the host's URL has a port")?;
    let host = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    let token = app.token("buyer")?;
    let (mut direct, mut through) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let straight = |client| Operation::GetOrder.requests(u32::MAX, client);
        direct.push(load.on(worker, 200, straight).await?);
        through.push(load.on(host, 200, |_| with_token(&token)).await?);
    }
    let median = |runs: &[Sample]| Sample::median(runs).context("nothing was measured");
    Ok(DirectAndHost { direct: median(&direct)?, through: median(&through)? })
}

/// The host is part of this process, which does nothing else meanwhile.
async fn idle(time: Duration) -> Option<f64> {
    let before = process::processor_time(std::process::id())?;
    sleep(time).await;
    let taken = process::processor_time(std::process::id())?.saturating_sub(before);
    Some(100.0 * taken.as_secs_f64() / time.as_secs_f64())
}

/// What a client sends to the platform: the token alone.
fn with_token(token: &str) -> Requests {
    let caller = Caller::with(&format!("Authorization: Bearer {token}\r\n"));
    let mut turn = 0_u32;
    Box::new(move |request| {
        turn += 1;
        let path = format!("GET /api/orders/{}", stored_id(turn.wrapping_mul(4801) % STORED_ORDERS));
        caller.write(request, &path, &format!("ffffffff-0000-4000-8000-{turn:012x}"), "", "");
    })
}

/// The goals of the way through the host, and what was measured of them.
pub(crate) fn summary(host_overhead: &HostOverhead) -> String {
    let DirectAndHost { direct, through } = host_overhead.together;
    let added = host_overhead.paced.through.p99 - host_overhead.paced.direct.p99;
    let verdict = |met| if met { "met" } else { "NOT MET" };
    let idle = host_overhead.idle.map_or("LEFT OUT idle host: the system does not tell".to_owned(), |idle| {
        format!("{:<9}idle host, % of a processor {idle:.2}  (< 2)", verdict(idle < 2.0))
    });
    format!(
        "{:<9}rate through the host, of straight {:.2}  (≥ 0.3)\n\
         {:<9}p99 that the host adds at {RATE} a second, ms {added:.2}  (≤ 2)\n\
         {idle}\n",
        verdict(through.rate >= 0.3 * direct.rate),
        through.rate / direct.rate,
        verdict(added <= 2.0),
    )
}
